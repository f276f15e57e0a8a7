/**
 * The dispatcher under a driver that answers at random, crashes between any two steps, loses wake-ups, and meets another driver at
 * the same state. A model that knows nothing of its inside holds what happened against what was promised.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { EpochMs } from '../../../../core/brands/index.ts';
import { Dispatcher, type DispatchRules, type Outcome } from '../../../../core/events/dispatch/dispatcher.ts';
import { claimRun, type DispatchState } from '../../../../core/events/dispatch/dispatch-state.ts';
import { checked } from '../../../support/checked.ts';

const SWEEP_MS = 60_000;
const RUN_MS = 120_000;
const SCHEDULE = [0, 5_000, 300_000, 1_800_000];

/** What one step of a driver does: numbers decide, so that a failing case shrinks. */
const step = fc.record({
  do: fc.constantFrom('append', 'run', 'run', 'run', 'other', 'wait'),
  ms: fc.integer({ min: 0, max: 400_000 }),
  answers: fc.array(fc.constantFrom('ok', 'ok', 'fail', 'slow', 'never'), { minLength: 1, maxLength: 6 }),
  /** after how many writes and answers this run is killed; large: it is not */
  crashAfter: fc.integer({ min: 0, max: 12 }),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Killed extends Error {}

/** The store: one item with a version, and dead letters that are written with it. */
class Store {
  version = 0;
  state: DispatchState = { cursor: 0, pending: [] };
  readonly dead = new Set<number>();

  write(expected: number, state: DispatchState, dead: readonly number[] = []): number | undefined {
    if (expected !== this.version) return undefined;
    this.state = structuredClone(state);
    for (const position of dead) this.dead.add(position);
    this.version += 1;
    return this.version;
  }
}

class Model {
  readonly log: string[] = [];
  readonly delivered = new Map<number, number>();
  readonly store = new Store();
  now = 1_000_000;
  private sequence = 0;
  private readonly rules: DispatchRules;

  constructor(ordered: boolean) {
    this.rules = { ordered, breaker: { failures: 3, probeAfterMs: 30_000 }, schedule: SCHEDULE };
  }

  take({ do: what, ms, answers, crashAfter, random }: Step): void {
    if (what === 'append') this.log.push(...answers.map((_, i) => `entity-${(ms + i) % 3}`));
    else if (what === 'wait') this.now += ms;
    else this.drive({ answers, crashAfter, random, isOther: what === 'other' });
  }

  /** One run: claims, looks, sends, settles, writes. Killed at any of its steps. */
  drive(run: { answers: readonly string[]; crashAfter: number; random: number; isOther: boolean }): void {
    let left = run.crashAfter;
    const tick = (): void => {
      if (left-- === 0) throw new Killed();
    };
    try {
      this.steps(run, tick);
    } catch (error) {
      if (!(error instanceof Killed)) throw error;
    }
  }

  private steps(run: { answers: readonly string[]; random: number; isOther: boolean }, tick: () => void): void {
    const { store } = this;
    const claimed = claimRun(store.state, { id: run.isOther ? 'other' : 'mine', until: this.at(RUN_MS) }, this.at());
    if (claimed === undefined) return;
    let version = store.write(store.version, claimed);
    tick();
    if (version === undefined) return;
    const dispatcher = new Dispatcher(this.rules, claimed);
    for (let position = dispatcher.cursor; position < this.log.length; position++)
      if (!dispatcher.take(position, this.log[position] as string, this.at())) break;
    for (const answer of run.answers) {
      const [sending] = dispatcher.send(this.at(), 1);
      if (sending === undefined) break;
      this.checkSend(sending.position);
      tick();
      if (answer === 'ok') this.receive(sending.position);
      tick();
      const settled = dispatcher.settle(sending.position, outcomeOf(answer), this.at(), run.random);
      const dead = settled.kind === 'dead-letter' ? [sending.position] : [];
      version = store.write(
        version,
        { ...dispatcher.state(), run: { id: run.isOther ? 'other' : 'mine', until: this.at(RUN_MS) } },
        dead,
      );
      tick();
      if (version === undefined) return;
    }
    store.write(version, dispatcher.state());
  }

  private receive(position: number): void {
    this.sequence += 1;
    if (!this.delivered.has(position)) this.delivered.set(position, this.sequence);
  }

  /** Never before it is due, by what was written down; and in order, never before those of its entity are done with. */
  private checkSend(position: number): void {
    const { pending, quietUntil } = this.store.state;
    const known = pending.find((one) => one.position === position);
    if (known !== undefined) expect(this.now).toBeGreaterThanOrEqual(known.dueAt);
    if (quietUntil !== undefined) expect(this.now).toBeGreaterThanOrEqual(quietUntil);
    if (!this.rules.ordered) return;
    for (let before = 0; before < position; before++) {
      if (this.log[before] !== this.log[position]) continue;
      expect(this.delivered.has(before) || this.store.dead.has(before)).toBe(true);
    }
  }

  /** Wake-ups were lost: the sweep alone must bring everything to its end. */
  sweepToTheEnd(): void {
    for (let sweeps = 0; sweeps < 100_000; sweeps++) {
      this.now += SWEEP_MS;
      this.drive({ answers: Array<string>(8).fill('ok'), crashAfter: -1, random: 0.5, isOther: sweeps % 2 === 0 });
      if (this.store.state.cursor === this.log.length && this.store.state.pending.length === 0) return;
    }
    throw new Error('it never ends');
  }

  private at(ms = 0): EpochMs {
    return checked<EpochMs>(this.now + ms);
  }
}

function outcomeOf(answer: string): Outcome {
  switch (answer) {
    case 'ok':
      return { kind: 'delivered' };
    case 'slow':
      return { kind: 'failed', reason: 'no', slow: true, retryAfterMs: 90_000 };
    case 'never':
      return { kind: 'failed', reason: 'no', isFinal: true };
    default:
      return { kind: 'failed', reason: 'no' };
  }
}

it.each([true, false])(
  'every event is delivered or dead, none before its time; in the order of each entity: %s',
  (ordered) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const model = new Model(ordered);
        for (const one of steps) model.take(one);
        model.sweepToTheEnd();
        model.log.forEach((_, position) => {
          expect(model.delivered.has(position) || model.store.dead.has(position)).toBe(true);
        });
        if (!ordered) return;
        const first = new Map<string, number>();
        model.log.forEach((entity, position) => {
          const sequence = model.delivered.get(position);
          if (sequence === undefined) return; // dead before it was ever received
          expect(sequence).toBeGreaterThan(first.get(entity) ?? 0);
          first.set(entity, sequence);
        });
      }),
      { numRuns: 400 },
    );
  },
);
