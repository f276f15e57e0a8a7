/** A whole log replayed: an honest one is entitled to all of it and counted, and one thing changed in one entry is named there. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { IsoInstant } from '../../../../core/brands/index.ts';
import { memoryRootSigner, MemoryStore } from '../../../../adapters/memory/index.ts';
import { toHex } from '../../../../core/canonical/index.ts';
import { datedAuthority, Replay } from '../../../../core/changes/index.ts';
import { assessmentHash } from '../../../../core/changes/model/binding-hashes.ts';
import { parseStep } from '../../../../core/changes/model/steps.ts';
import type { Authority } from '../../../../core/changes/replay/authority.ts';
import type { ReplayEntry } from '../../../../core/changes/replay/replay-entry.ts';
import type { ReplayOutcome } from '../../../../core/changes/replay/replay-state.ts';
import { parseEntry } from '../../../../core/ledger/index.ts';
import {
  DAY_MS,
  honestHistory,
  HOUR_MS,
  ORIGIN,
  patch,
  POLICY,
  type AuthorityFixture,
} from '../../../authority/fixture.ts';
import { checked } from '../../../support/checked.ts';

const MINUTE_MS = 60_000;
const DELEGATIONS = 'system/delegations';
const ORDERS = ['ordered', 'dated'] as const;
type Order = (typeof ORDERS)[number];

/** Beside what every history has: one broken glass with its reviews, one withdrawn, one escalated and then rejected by nobody. */
async function history(): Promise<ReplayEntry[]> {
  const store = new MemoryStore();
  const fixture = await honestHistory({ store, rootSigner: memoryRootSigner(ORIGIN) });
  const { changes, clock } = fixture;
  const money = (value: string): Promise<{ readonly id: string }> =>
    fixture.propose('pete', [patch('/money/a', value, 'replace')]);
  const { id } = await money('410');
  await changes.withdraw(fixture.who('pete'), id);
  await clock.advance(10 * MINUTE_MS); // what was withdrawn is certainly not counted any more
  await breakTheGlass(fixture, (await money('420')).id);
  const waiting = await money('430');
  await clock.advance(HOUR_MS);
  const later = { title: 'Change it', rationale: 'It is time.', operations: [patch('/money/a', '440', 'replace')] };
  const revised = await changes.revise(fixture.who('pete'), waiting.id, later);
  await fixture.approve(revised, 'ann');
  await clock.advance(DAY_MS);
  await changes.advance(waiting.id);
  await fixture.approve(revised, 'rita');
  await changes.advance(waiting.id);
  return (await store.readLog(0, 10_000)).map(({ note, hash, position }) => {
    const parsed = parseEntry(note);
    if (parsed.kind !== 'entry') throw new Error(parsed.reason);
    return { body: parsed.body, hash: toHex(hash), position };
  });
}

async function breakTheGlass(fixture: AuthorityFixture, id: string): Promise<void> {
  const { changes } = fixture;
  const { revision, contentHash, assessmentHash: assessed } = await changes.get(fixture.who('ann'), id);
  const override = { revision, contentHash, assessmentHash: assessed, ticket: 'INC-7', reason: 'payments fail' };
  await changes.override(fixture.who('olga'), id, { ...override, nonce: fixture.nonce() });
  await changes.advance(id);
  for (const person of ['ann', 'rita'])
    await changes.review(fixture.who(person), id, { verdict: 'justified', reason: 'it had to be' });
}

let log: readonly ReplayEntry[];
beforeAll(async () => {
  log = await history();
});

const chainOf = (entries: readonly ReplayEntry[], entity: string): ReplayEntry[] =>
  entries.filter(({ body }) => body.entity === entity);

function begun(order: Order, entries: readonly ReplayEntry[], from?: ReturnType<Replay['state']>): Replay {
  const chains = { policy: chainOf(entries, POLICY), delegations: chainOf(entries, DELEGATIONS) };
  return new Replay({ ledger: 'main', authority: order === 'dated' ? datedAuthority(chains) : undefined, from });
}

function replayed(entries: readonly ReplayEntry[], order: Order = 'ordered'): ReplayOutcome {
  const replay = begun(order, entries);
  for (const entry of entries) if (!replay.take(entry)) break;
  return replay.end();
}

const indexOf = (is: (entry: ReplayEntry) => boolean): number => {
  const index = log.findIndex(is);
  if (index < 0) throw new Error('there is no such entry');
  return index;
};
const decides = ({ body }: ReplayEntry): boolean => /^(change|delegation|policy)\./.test(body.type);
/** Log indexes of the first entry of each kind that decides something. */
const ofEachKind = (): number[] => {
  const kinds = new Set(log.filter((entry) => decides(entry)).map(({ body }) => body.type));
  return [...kinds].map(ofType);
};
const ofType = (type: string): number => indexOf(({ body }) => body.type === type);
/** The log with this much of one entry another. */
function changed(index: number, body: object, data: object = {}): ReplayEntry[] {
  const entry = log[index] as ReplayEntry;
  const other = { ...entry, body: { ...entry.body, ...body, data: { ...entry.body.data, ...data } } };
  return log.with(index, other);
}
/** Up to an assessment that says this instead, with the hash that belongs to it. */
function assessedAs(index: number, more: object): ReplayEntry[] {
  const entry = log[index] as ReplayEntry;
  const { assessmentHash: _, ...data } = (parseStep(entry) as { data: Record<string, unknown> }).data;
  const other = { ...data, ...more };
  return changed(index, {}, { ...other, assessmentHash: assessmentHash(other as never) }).slice(0, index + 1);
}
const factsOf = (index: number): Record<string, Record<string, unknown>> =>
  log[index]?.body.data['facts'] as unknown as Record<string, Record<string, unknown>>;
/** The assessment of what pete did to the money in the end: it counts what he did before. */
const lastAssessed = (): number => log.findLastIndex(({ body }) => body.type === 'change.assessed');

describe.each(ORDERS)('an honest log, %s', (order) => {
  it('is entitled to all of it, and all of it is counted', () => {
    expect(replayed(log, order)).toEqual({
      ...{
        judged: log.filter((entry) => decides(entry)).length,
        beforePolicy: 0,
        withoutUnder: 0,
        advised: 0,
        external: 0,
        ...{ claims: 0, underClaims: 0 },
      },
    });
    const types = new Set(log.map(({ body }) => body.type));
    for (const type of ['withdrawn', 'overridden', 'reviewed', 'escalated', 'executed'])
      expect([...types]).toContain(`change.${type}`);
  });

  it('passes over what decides nothing', () => {
    for (const type of ['event', 'redacted', 'changed', 'x.change.y']) {
      const entry = { ...(log[0] as ReplayEntry), position: -1 };
      const other = { ...entry, body: { ...entry.body, type } };
      expect(replayed([other, ...log], order)).toEqual(replayed(log, order));
    }
  });
});

describe('a replay that is left off', () => {
  it('goes on at any entry as if it had not been', () => {
    for (const at of [0, 1, ...ofEachKind(), log.length]) {
      const first = begun('dated', log);
      for (const entry of log.slice(0, at)) first.take(entry);
      const second = begun('dated', log, structuredClone(first.state()));
      for (const entry of log.slice(at)) expect(second.take(entry)).toBe(true);
      expect([at, second.end()]).toEqual([at, replayed(log, 'dated')]);
    }
  });

  it('is over at the first entry that is wrong', () => {
    const wrong = changed(3, { type: 'change.x' });
    for (const order of ORDERS) {
      const replay = begun(order, wrong);
      expect(wrong.slice(0, 5).map((entry) => replay.take(entry))).toEqual([true, true, true, false, false]);
      expect(replay.end()).toMatchObject({
        first: { position: 3 },
        judged: log.slice(0, 3).filter((entry) => decides(entry)).length,
      });
    }
    const replay = begun('dated', wrong);
    wrong.forEach((entry) => replay.take(entry));
    const second = begun('dated', wrong, replay.state());
    expect([second.take(wrong[4] as ReplayEntry), second.end().first?.position]).toEqual([false, 3]);
  });
});

describe.each(ORDERS)('one entry changed, %s', (order) => {
  const first = (entries: readonly ReplayEntry[]): ReplayOutcome['first'] => replayed(entries, order).first;
  const isStep = ({ body }: ReplayEntry): boolean => body.type.startsWith('change.');

  it('is named when it is no step, or is malformed', () => {
    for (const position of ofEachKind()) {
      const entry = log[position] as ReplayEntry;
      if (!isStep(entry)) continue;
      expect(first(changed(position, { type: 'change.melted' }))).toEqual({
        ...{ position, reason: '"change.melted" is no step of a change-set' },
      });
      expect(first(changed(position, {}, { more: 1 }))).toEqual({
        position,
        reason: `${entry.body.type} is malformed`,
      });
    }
  });

  it('is named when it says to be another step than it is', () => {
    for (const position of ofEachKind()) {
      const entry = log[position] as ReplayEntry;
      if (!isStep(entry)) continue;
      const step = Number(entry.body.idem.split('#')[1]);
      for (const other of [step - 1, step + 1])
        expect(first(changed(position, { idem: entry.body.idem.replace(/#.*/, `#${other}`) }))).toEqual({
          ...{ position, reason: `it is step ${step} of its change-set, and says another` },
        });
    }
  });

  it('is named when it is by somebody else', () => {
    for (const position of ofEachKind())
      expect(first(changed(position, { actor: { kind: 'person', id: 'gus' } }))?.position).toBe(position);
  });

  it('is named when it rests on another policy, or there is a second one', () => {
    for (const position of ofEachKind()) {
      const { type, data } = (log[position] as ReplayEntry).body;
      if (!('under' in data) || type === 'change.assessed') continue; // its hash is over the policy, too
      const under = data['under'] as unknown as { readonly seq: number };
      const found = first(changed(position, {}, { under: { ...under, hash: 'f'.repeat(64) } }));
      expect(found).toMatchObject({ position, reason: expect.stringContaining(`it rests on "${POLICY}" #`) as string });
    }
    const adopted = log[ofType('policy.adopted')] as ReplayEntry;
    const again = { ...adopted, position: log.length };
    expect(first([...log, again])).toEqual({ position: log.length, reason: 'a policy is adopted once' });
  });

  it('is named when an escalation comes a day after the proposal, but not after what was assessed last', () => {
    const position = ofType('change.escalated');
    const at = (hours: number): string =>
      new Date(Date.parse(log[position]?.body.at ?? '') + hours * HOUR_MS).toISOString();
    const found = first(changed(position, { at: at(-0.5) }).slice(0, position + 1));
    expect(found).toEqual({ position, reason: 'it was escalated before 24 h had passed' });
    expect(first(changed(position, { at: at(0.5) }).slice(0, position + 1))).toBeUndefined();
  });

  it('is named when a delegation is elsewhere, or malformed', () => {
    for (const type of ['delegation.granted', 'delegation.revoked']) {
      const position = ofType(type);
      const external = changed(position, { entity: 'account:1' });
      expect(first(external)).toEqual({ position, reason: `delegations are recorded on ${DELEGATIONS}` });
      expect(first(changed(position, {}, { from: 7 }))).toEqual({ position, reason: `${type} is malformed` });
    }
  });

  it('is named when a delegation was taken back by somebody else, or twice', () => {
    const position = ofType('delegation.revoked');
    expect(first(changed(position, {}, { from: 'rita' }))).toMatchObject({ position });
    const { delegation } = (log[position] as ReplayEntry).body.data as { readonly delegation: string };
    expect(log.some(({ hash }) => hash === delegation)).toBe(true);
  });

  it('is named when a nonce was used before, at the use that came later', () => {
    const [one, other] = ['change.voted', 'change.overridden'].map(ofType) as [number, number];
    const nonce = log[one]?.body.data['nonce'];
    const reason = `its nonce was used before, at log index ${one}`;
    expect(first(changed(other, {}, { nonce }).slice(0, other + 1))).toEqual({ position: other, reason });
    // What is wrong with the entry itself comes first.
    const wrong = changed(other, {}, { nonce, personId: 'gus' });
    expect(first(wrong)).toEqual({ position: other, reason: expect.stringContaining('gus') as string });
  });

  it('is named when an assessment takes a turn of another', () => {
    const [one, other] = [ofType('change.assessed'), lastAssessed()];
    const { turns } = log[other]?.body.data as unknown as { readonly turns: Record<string, number> };
    const taken = (log[one]?.body.data as unknown as { readonly turns: Record<string, number> }).turns;
    for (const what of ['sponsor', 'entity'])
      expect(first(assessedAs(other, { turns: { ...turns, [what]: taken[what] } }))).toMatchObject({
        ...{ position: other, reason: `its turn was used before, at log index ${one}` },
      });
  });

  it('is named when an assessment counted less than there was, or computed something else', () => {
    const at = lastAssessed();
    const { initiator } = factsOf(at);
    expect(initiator?.['recentChanges']).toBe(2);
    const said = (more: object): ReplayOutcome['first'] =>
      first(assessedAs(at, { facts: { ...factsOf(at), initiator: { ...initiator, ...more } } }));
    expect(said({})).toBeUndefined();
    expect(said({ recentChanges: 1 })).toMatchObject({ position: at });
    if (order === 'ordered') {
      expect(said({ recentChanges: 1 })?.reason).toContain('/initiator/recentChanges is 1, computed is 2');
      expect(said({ recentChanges: 3 })?.reason).toContain('/initiator/recentChanges is 3, computed is 2');
    }
    expect(first(assessedAs(at, { facts: { ...factsOf(at), creates: true } }))?.reason).toContain('its fact /creates');
    expect(first(assessedAs(at, { level: 'L0' }))?.reason).toContain('its level is "L0"');
  });
});

describe.each(ORDERS)('an assessment on another document, %s', (order) => {
  it('is counted, and its facts are nobody’s concern', () => {
    const at = lastAssessed();
    const { base } = log[at]?.body.data as unknown as { readonly base: { readonly version: number } };
    const other = { base: { ...base, version: base.version + 1 } };
    expect(replayed(assessedAs(at, {}), order)).toMatchObject({ external: 0 });
    for (const facts of [factsOf(at), { ...factsOf(at), creates: true }]) {
      const found = replayed(assessedAs(at, { ...other, facts }), order);
      expect([found.external, found.first]).toEqual([1, undefined]);
    }
  });
});

describe.each(ORDERS)('an entry that names no policy, %s', (order) => {
  /** The last delegation, of this time, without the policy it rests on. */
  function unnamed(ms: number): ReplayOutcome {
    const at = log.findLastIndex(({ body }) => body.type === 'delegation.granted');
    const entry = log[at] as ReplayEntry;
    const { under: _, ...data } = entry.body.data;
    const time = new Date(ms).toISOString();
    const until = new Date(ms + HOUR_MS).toISOString();
    const other = {
      ...entry,
      body: { ...entry.body, at: checked<IsoInstant>(time), data: { ...data, until } },
    } as ReplayEntry;
    return replayed([...log.slice(0, at), other], order);
  }

  it('is counted for an hour after the first that does, and named from then on', () => {
    const firstUnder = Date.parse(log.find(({ body }) => 'under' in body.data)?.body.at ?? '');
    const granted = Date.parse(log[ofType('delegation.granted')]?.body.at ?? '');
    expect(granted).toBeGreaterThan(firstUnder + HOUR_MS);
    expect(unnamed(granted).first?.reason).toBe('it does not name the policy it rests on');
    expect(unnamed(firstUnder + HOUR_MS + 1).first?.reason).toBe('it does not name the policy it rests on');
    expect(unnamed(granted)).toMatchObject({ withoutUnder: 1 });
    for (const ms of [firstUnder + HOUR_MS, firstUnder + HOUR_MS - 1])
      expect(unnamed(ms).first?.reason).not.toBe('it does not name the policy it rests on');
    expect(replayed(log, order).withoutUnder).toBe(0);
  });

  it('is counted where there was no policy yet', () => {
    const proposed = log[ofType('change.proposed')] as ReplayEntry;
    const { under: _, ...data } = proposed.body.data;
    const before = { ...proposed, body: { ...proposed.body, data } } as ReplayEntry;
    expect(replayed([before], order)).toEqual({
      ...{ judged: 1, beforePolicy: 1, withoutUnder: 0, advised: 0, external: 0, claims: 0, underClaims: 0 },
    });
  });
});

describe('what a replay asks of the authority', () => {
  /** Steps that were conditional on the policy long before they named it: never judged by the one before. */
  const CONDITIONAL = [
    ...['voted', 'vote-revoked', 'escalated', 'approved', 'overridden', 'claimed', 'aborted', 'resolution', 'reviewed'],
  ].map((name) => `change.${name}`);

  it('is of the policy before, too, just where older engines may have recorded under it; and it is told what is lent', () => {
    const asked = new Map<string, boolean>();
    const told: string[] = [];
    const authority: Authority = {
      at: ({ body }, _under, isLate) => {
        asked.set(body.type, isLate);
        return [];
      },
      delegation: () => undefined,
      policyWritten: () => undefined,
      granted: ({ hash }) => void told.push(`granted ${hash}`),
      revoked: (_entry, id) => void told.push(`revoked ${id}`),
    };
    const replay = new Replay({ ledger: 'main', authority });
    for (const entry of log) expect(replay.take(entry)).toBe(true);
    for (const [type, isLate] of asked) expect([type, isLate]).toEqual([type, !CONDITIONAL.includes(type)]);
    expect([...asked.keys()]).toEqual(
      expect.arrayContaining(['change.voted', 'change.proposed', 'delegation.granted']),
    );
    const lent = log.filter(({ body }) => body.type.startsWith('delegation.'));
    expect(told).toEqual(
      lent.map(({ body, hash }) =>
        body.type === 'delegation.granted' ? `granted ${hash}` : `revoked ${body.data['delegation'] as string}`,
      ),
    );
  });
});
