/**
 * A hundred claimers, in five processes on one store that fails now and then, want one piece of work again and again; who holds it
 * pauses for longer than the lease. Round after round one of them holds it, nothing is done with a fence that is stale, and fences
 * rise. CLAIM_ROUNDS says how many rounds (at night: 10,000).
 */
import { expect, it } from 'vitest';
import { ImpatientClock, MemoryStore } from '../../adapters/memory/index.ts';
import { parseEntry } from '../../core/ledger/index.ts';
import { LEASE_GRACE_MS, type Claimed } from '../../core/work/index.ts';
import { as, told, workFixture, type WorkFixture } from '../core/work/fixture.ts';

const ROUNDS = Number(process.env['CLAIM_ROUNDS'] ?? 50);
const PROCESSES = 5;
const CLAIMERS = 100;
const TTL = 5_000;
const FAULTS_IN = 40;

/** Mulberry32: the same story in every run. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

it(`keeps one holder in each of ${ROUNDS} rounds`, { timeout: 240_000 + ROUNDS * 500 }, async () => {
  const random = randomFrom(ROUNDS);
  const calm = { isCalm: false };
  const fault = (): void => {
    if (!calm.isCalm && random() < 1 / FAULTS_IN) throw new Error('the store failed');
  };
  const store = new MemoryStore({ exclusive: false, faults: { before: fault, after: fault } });
  const clock = new ImpatientClock();
  const processes = Array.from({ length: PROCESSES }, () => workFixture(store, clock));
  const at = (claimer: number): WorkFixture => processes[claimer % PROCESSES] as WorkFixture;
  const claim = (claimer: number) =>
    at(claimer)
      .work.claim(as('one'), { workId: 'w', ttlMs: TTL, session: `s${claimer}` })
      .catch(codeOf);
  const holders = new Map<number, number>();
  const outcomes: Record<string, number> = {};
  const count = (outcome: string): void => void (outcomes[outcome] = (outcomes[outcome] ?? 0) + 1);
  let paused: { readonly claimer: number; readonly fence: number }[] = [];

  for (let round = 0; round < ROUNDS; round++) {
    const answers = await Promise.all(Array.from({ length: CLAIMERS }, (_, claimer) => claim(claimer)));
    for (const [claimer, answer] of answers.entries()) {
      if (typeof answer === 'string') {
        expect(['WORK_CLAIMED', 'STORE_UNAVAILABLE', 'LEDGER_BUSY']).toContain(answer);
        continue;
      }
      expect(holders.get(answer.fence) ?? claimer).toBe(claimer); // a fence is one claimer's
      holders.set(answer.fence, claimer);
    }
    const held = answers.flatMap((answer, claimer) => (typeof answer === 'string' ? [] : [{ claimer, ...answer }]));
    expect(held.length).toBeLessThanOrEqual(1);
    paused = [...paused.slice(-3), ...held.map(({ claimer, fence }) => ({ claimer, fence }))];
    if (random() < 0.7) await clock.advance(TTL + LEASE_GRACE_MS + Math.floor(random() * TTL));
    // Holders of now and of before wake up and go on as if nothing had happened, while others sweep, renew and end.
    await Promise.all([
      ...paused.map(({ claimer, fence }) => effect(at(claimer), fence).then(count)),
      ...(random() < 0.5 ? [at(round).work.releaseOverdue().catch(codeOf)] : []),
      ...held.filter(() => random() < 0.3).map((one) => end(at(one.claimer), one, random()).then(count)),
    ]);
  }

  calm.isCalm = true;
  const { fences } = await told(store, 'w'); // each entry may follow the one before it, or this throws
  expect(fences).toEqual([...new Set(fences)].sort((a, b) => a - b));
  expect(fences.length).toBeGreaterThan(ROUNDS / 2);
  expect(staleEffects(store)).toEqual([]);
  expect(outcomes['accepted']).toBeGreaterThan(ROUNDS / 4);
  expect(outcomes['FENCE_STALE']).toBeGreaterThan(ROUNDS / 4);
  console.log({ rounds: ROUNDS, claims: fences.length, ...outcomes });
});

async function effect({ publish }: WorkFixture, fence: number): Promise<string> {
  const event = { topic: 'step.done', entityId: 'order:1', payload: { n: fence }, work: { workId: 'w', fence } };
  const [result] = await publish(as('one'), [event]).catch(() => []);
  return result === undefined ? 'failed' : result.status === 'rejected' ? result.problem.code : result.status;
}

async function end({ work }: WorkFixture, { fence }: Claimed, choice: number): Promise<string> {
  const ref = { workId: 'w', fence };
  const ended = choice < 0.5 ? work.release(as('one'), ref) : work.renew(as('one'), ref);
  return ended.then(() => (choice < 0.5 ? 'released' : 'renewed')).catch(codeOf);
}

function codeOf(error: unknown): string {
  return (error as { readonly code?: string }).code ?? String(error);
}

/** Of the log in the order of its commits: what was done while another claim stood, or none. */
function staleEffects({ log }: MemoryStore): number[] {
  let standing: number | undefined;
  return log.flatMap(({ note, seq, position }) => {
    const parsed = parseEntry(note);
    const data = parsed.kind === 'entry' ? parsed.body.data : {};
    if (data['topic'] === 'work.claimed') standing = seq;
    else if (data['topic'] === 'work.released' || data['topic'] === 'work.completed') standing = undefined;
    const under = data['work'] as { readonly fence: number } | undefined;
    return under === undefined || under.fence === standing ? [] : [position];
  });
}
