/**
 * A process that dies at any of its writes, before or after the write is persisted: another one asks again, and what the ledger tells is
 * what it would have told without. Both kinds of store: of one process, which measures terms itself, and shared.
 */
import { describe, expect, it } from 'vitest';
import { ImpatientClock, MemoryStore } from '../../../adapters/memory/index.ts';
import { parseEntry } from '../../../core/ledger/index.ts';
import { ClaimReplay, LEASE_GRACE_MS } from '../../../core/work/index.ts';
import { as, told, workFixture, type WorkFixture } from './fixture.ts';

const TTL = 60_000;
const work = { workId: 'w', ttlMs: TTL };

interface Act {
  readonly name: string;
  /** @param fence of the claim that stands */
  readonly run: (process: WorkFixture, fence: number) => Promise<{ readonly fence?: number } | undefined>;
}

/** One who does the work under a claim, loses it, and others who take, give up and finish it. */
const STORY: readonly Act[] = [
  { name: 'claim', run: (p) => p.work.claim(as('one'), { ...work, session: 's' }) },
  { name: 'effect', run: (process, fence) => effect(process, 'one', fence) },
  { name: 'renew', run: (p, fence) => p.work.renew(as('one'), { workId: 'w', fence }) },
  { name: 'claim what is over', run: (process) => claimOver(process) },
  {
    name: 'steal',
    run: (p) => p.work.steal(as('chief'), { ...work, reason: 'it hangs' }),
  },
  { name: 'release', run: (p, fence) => p.work.release(as('chief'), { workId: 'w', fence }) },
  { name: 'claim again', run: (p) => p.work.claim(as('one'), work) },
  { name: 'expire', run: expire },
  { name: 'claim at last', run: (p) => p.work.claim(as('two'), work) },
  { name: 'effect of the last', run: (process, fence) => effect(process, 'two', fence) },
  { name: 'complete', run: (p, fence) => p.work.complete(as('two'), { workId: 'w', fence }) },
];

describe.each([
  ['of one process', true],
  ['shared', false],
])('on a store %s', (_, exclusive) => {
  it.each(['before', 'after'] as const)('died %s the write is persisted', async (when) => {
    const calm = await tell(exclusive, when, 0);
    expect(calm.told.map(({ topic }) => topic)).toEqual([
      ...['work.claimed', 'step.done', 'work.released', 'work.claimed', 'work.released', 'work.claimed'],
      ...['work.released', 'work.claimed', 'work.released', 'work.claimed', 'step.done', 'work.completed'],
    ]);
    expect(calm.writes).toBeGreaterThanOrEqual(STORY.length);
    for (let dieAt = 1; dieAt <= calm.writes; dieAt++) {
      const { deaths, ...end } = await tell(exclusive, when, dieAt);
      expect(deaths).toBe(1);
      expect(end.told).toEqual(calm.told);
    }
  });
});

/** @param dieAt which write kills the process that makes it; 0: none */
async function tell(exclusive: boolean, when: 'before' | 'after', dieAt: number) {
  let [writes, deaths, isDead] = [0, 0, false];
  const power = (at: 'before' | 'after') => (): void => {
    if (at === when && !isDead && (writes += 1) === dieAt) {
      isDead = true;
      deaths += 1;
    }
    if (isDead) throw new Error('power failure');
  };
  const store = new MemoryStore({ exclusive, faults: { before: power('before'), after: power('after') } });
  let process = workFixture(store, new ImpatientClock());
  let fence = -1;
  for (const { name, run } of STORY) {
    for (let tries = 0; ; tries++) {
      const answer = await run(process, fence).catch(() => 'failed' as const);
      const hasDied = isDead;
      if (hasDied) process = process.other();
      isDead = false;
      if (!hasDied && answer === 'failed') throw new Error(`"${name}" failed, and nobody had died`);
      if (answer !== 'failed') fence = answer?.fence ?? fence;
      if (!hasDied) break;
      expect(tries).toBe(0); // asked once more, it is answered
    }
  }
  await told(store, 'w'); // each may follow the one before it, or this throws
  return { writes, deaths, told: judged(store) };
}

/** All that was said, in the order of the log, and that a verifier believes it. */
function judged({ log }: MemoryStore): { readonly topic: unknown; readonly fence: unknown; readonly by: unknown }[] {
  const claims = new ClaimReplay({ isOrdered: true });
  const events = log.flatMap(({ note, position }) => {
    const parsed = parseEntry(note);
    if (parsed.kind !== 'entry' || parsed.body.type !== 'event') return [];
    const { body } = parsed;
    claims.event({ body, position });
    const { topic, payload, work: under } = body.data;
    const { by, fence, reason } = payload as Readonly<Record<string, unknown>>;
    return [{ topic, by, fence: fence ?? (under as { fence?: number } | undefined)?.fence ?? body.seq, reason }];
  });
  expect(claims.end().broken).toBeUndefined();
  return events;
}

async function effect({ publish }: WorkFixture, by: string, fence: number): Promise<{ readonly fence: number }> {
  const event = { topic: 'step.done', entityId: 'order:1', payload: { n: fence }, work: { workId: 'w', fence } };
  const [result] = await publish(as(by), [{ ...event, eventId: `${by}-${fence}` }]);
  if (result?.status === 'rejected') throw new Error(result.problem.code);
  return { fence };
}

/** Time passes only while the claim stands. A process that began just now gives every lease a full term, if it is alone. */
async function claimOver({ work: claims, clock }: WorkFixture): Promise<{ readonly fence: number }> {
  for (let terms = 0; ; terms++) {
    try {
      return await claims.claim(as('two'), work);
    } catch (error) {
      if ((error as { code?: string }).code !== 'WORK_CLAIMED' || terms > 2) throw error;
      await clock.advance(TTL + LEASE_GRACE_MS);
    }
  }
}

async function expire({ work: claims, clock }: WorkFixture): Promise<undefined> {
  for (let terms = 0; terms < 3; terms++) {
    await claims.releaseOverdue();
    if ((await claims.get(as('one'), 'w')).state === 'released') return undefined;
    await clock.advance(TTL + LEASE_GRACE_MS);
  }
  throw new Error('it did not end');
}
