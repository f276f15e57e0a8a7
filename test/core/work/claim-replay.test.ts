/** Who held which work, replayed: an honest ledger in both orders, and what somebody with the keys could have written instead. */
import { describe, expect, it } from 'vitest';
import { MemoryStore } from '../../../adapters/memory/index.ts';
import { parseEntry, type EntryBody } from '../../../core/ledger/index.ts';
import { ClaimReplay, LEASE_GRACE_MS, type BrokenClaim } from '../../../core/work/index.ts';
import type { IsoInstant } from '../../../core/brands/index.ts';
import { checked } from '../../support/checked.ts';
import { as, workFixture } from './fixture.ts';

const TTL = 60_000;
const ORDERS = [true, false];
type Entry = Pick<EntryBody, 'entity' | 'seq' | 'at' | 'actor' | 'data'>;

function replay(entries: readonly Entry[], isOrdered: boolean): BrokenClaim['verdict'] | `OK ${number} ${number}` {
  let claims = new ClaimReplay({ isOrdered });
  for (const [position, body] of entries.entries()) {
    claims.event({ body: body as EntryBody, position });
    claims = new ClaimReplay({ isOrdered, from: structuredClone(claims.state()) }); // left off, and gone on with
  }
  const { broken, steps, effects } = claims.end();
  return broken?.verdict ?? `OK ${steps} ${effects}`;
}

async function honest(): Promise<Entry[]> {
  const store = new MemoryStore();
  const { work, publish, clock } = workFixture(store);
  const done = async (by: string, fence: number): Promise<void> => {
    const event = { topic: 'step.done', entityId: 'order:1', payload: { n: fence }, work: { workId: 'w', fence } };
    const [result] = await publish(as(by), [event]);
    expect(result).toMatchObject({ status: 'accepted' });
  };
  const { fence } = await work.claim(as('one'), { workId: 'w', ttlMs: TTL, session: 's' });
  await done('one', fence);
  await work.releaseOverdue();
  await clock.advance(TTL + LEASE_GRACE_MS);
  const second = await work.claim(as('two'), { workId: 'w', ttlMs: TTL });
  await done('two', second.fence);
  await clock.advance(TTL);
  const stolen = await work.steal(as('chief'), { workId: 'w', ttlMs: TTL, reason: 'it hangs' });
  await work.release(as('chief'), { workId: 'w', fence: stolen.fence });
  const last = await work.claim(as('one'), { workId: 'w', ttlMs: TTL });
  await done('one', last.fence);
  await work.complete(as('one'), { workId: 'w', fence: last.fence });
  return store.log.flatMap(({ note }) => {
    const parsed = parseEntry(note);
    return parsed.kind === 'entry' && parsed.body.type === 'event' ? [parsed.body] : [];
  });
}

const TOPICS = ['work.claimed', 'work.released', 'work.completed'];
const log = await honest();
const [CLAIMED, EFFECT, EXPIRED, CLAIMED_BY_TWO] = [0, 1, 2, 3];
const RELEASED = log.findIndex(({ data }) => (data['payload'] as { reason?: string }).reason === 'released');
const COMPLETED = log.length - 1;
const later = (entry: Entry, ms: number): Entry => ({
  ...entry,
  at: checked<IsoInstant>(new Date(Date.parse(entry.at) + ms).toISOString()),
});
const said = (at: number, more: object, of: Partial<Entry> = {}): Entry[] => {
  const entry = log[at] as Entry;
  const payload = { ...(entry.data['payload'] as object), ...more };
  return log.with(at, { ...entry, ...of, data: { ...entry.data, payload } });
};
const one = { kind: 'module', id: 'one' } as const;

describe.each(ORDERS)('in the order of the commits: %s', (isOrdered) => {
  it('finds an honest ledger sound', () => {
    expect(log.slice(0, 4).map(({ data }) => data['topic'])).toEqual([
      ...['work.claimed', 'step.done', 'work.released', 'work.claimed'],
    ]);
    const steps = log.filter(({ data }) => TOPICS.some((topic) => topic === data['topic'])).length;
    expect(replay(log, isOrdered)).toBe(`OK ${steps} 3`);
  });

  it.each([
    ['a claim while another stood', log.toSpliced(EXPIRED, 1), 'CLAIM_INVALID'],
    ['a claim of what is done', [...log, { ...(log[CLAIMED] as Entry), seq: 99 }], 'CLAIM_INVALID'],
    ['a claim in the name of another', said(CLAIMED, { by: 'module:two' }), 'CLAIM_INVALID'],
    ['a claim on the chain of other work', said(CLAIMED, { workId: 'x' }), 'CLAIM_INVALID'],
    ['a claim of another form', said(CLAIMED, { ttlMs: 'long' }), 'CLAIM_INVALID'],
    ['an expiry that somebody says', said(EXPIRED, {}, { actor: one }), 'CLAIM_INVALID'],
    ['the end of another fence', said(EXPIRED, { fence: 7 }), 'CLAIM_INVALID'],
    ['the end of the claim of another session', said(EXPIRED, { session: 't' }), 'CLAIM_INVALID'],
    ['a release by somebody else', said(RELEASED, {}, { actor: one }), 'CLAIM_INVALID'],
    ['a completion by somebody else', said(COMPLETED, {}, { actor: { kind: 'module', id: 'two' } }), 'CLAIM_INVALID'],
    ['an end of what nobody holds', log.toSpliced(CLAIMED, 2), 'CLAIM_INVALID'],
    ['an effect under a claim that never was', [...log.slice(EFFECT, 2)], 'STALE_EFFECT'],
    [
      'an effect under a claim of somebody else',
      log.with(EFFECT, { ...(log[EFFECT] as Entry), actor: { kind: 'module', id: 'two' } }),
      'STALE_EFFECT',
    ],
    ['an effect long after the end of its claim', [...log, later(log[EFFECT] as Entry, 10 * TTL)], 'STALE_EFFECT'],
    [
      'an effect long after the end, before it in the log',
      log.toSpliced(EXPIRED, 0, later(log[EFFECT] as Entry, 10 * TTL)),
      isOrdered ? 'OK 8 4' : 'STALE_EFFECT',
    ],
    [
      'an effect just after the end of its claim',
      log.toSpliced(CLAIMED_BY_TWO, 0, log[EFFECT] as Entry),
      isOrdered ? 'STALE_EFFECT' : 'OK 8 4',
    ],
    [
      'an effect before its claim in the log',
      [log[EFFECT] as Entry, ...log.toSpliced(EFFECT, 1)],
      isOrdered ? 'STALE_EFFECT' : 'OK 8 3',
    ],
    [
      'an effect long before its claim',
      [later(log[EFFECT] as Entry, -10 * TTL), ...log.toSpliced(EFFECT, 1)],
      'STALE_EFFECT',
    ],
  ])('says of %s what it is', (_, entries, verdict) => {
    expect(replay(entries, isOrdered)).toBe(verdict);
  });
});

it('forgets claims that ended more than a day ago, and believes nothing that comes under them', () => {
  const claims = new ClaimReplay({ isOrdered: false });
  const entries = Array.from({ length: 50 }, (_, day) =>
    log.map((entry) => {
      const name = `w${day}`;
      const payload = { ...(entry.data['payload'] as object), workId: name };
      const work =
        entry.data['work'] === undefined ? {} : { work: { ...(entry.data['work'] as object), workId: name } };
      const entity = entry.entity.startsWith('work:') ? `work:${name}` : entry.entity;
      return {
        ...later(entry, day * 86_400_000),
        entity,
        data: { ...entry.data, payload, ...work },
      } as unknown as EntryBody;
    }),
  );
  for (const [position, body] of entries.flat().entries()) claims.event({ body, position });
  expect(claims.state().claims.size).toBeLessThan(10);
  expect(claims.end().broken).toBeUndefined();
  claims.event({ body: entries[0]?.[EFFECT] as EntryBody, position: 10_000 });
  expect(claims.end().broken).toMatchObject({ position: 10_000, verdict: 'STALE_EFFECT' });
});
