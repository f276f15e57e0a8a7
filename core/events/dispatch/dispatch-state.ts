/**
 * What is kept of a pushed subscription: a cursor over the log, and the events before it that are not done with. Written down at
 * any moment it is right: whatever is on its way is still in the list, so a crash means another delivery, never a lost one.
 */
import * as z from 'zod';
import type { EpochMs } from '../../brands/index.ts';
import type { Breaker } from '../../guard/index.ts';
import { codecOf, epochMs, stored, whole } from '../../values/index.ts';
import type { Failing } from '../webhooks/webhook-failing.ts';

/** Events before the cursor that are not done with, those that wait for one of their entity included. Then the cursor waits, too. */
export const MAX_PENDING = 1_000;

/** An event to be delivered. */
export interface Pending {
  readonly position: number;
  readonly entity: string;
  /** that failed so far */
  readonly attempts: number;
  readonly dueAt: EpochMs;
  /** in order: later events of the entity, which wait for this one */
  readonly behind?: readonly number[];
  /** delivered again because somebody asked for it: out of order, and nothing waits for it */
  readonly redriven?: true;
}

export interface DispatchState {
  /** first log position that was not looked at */
  readonly cursor: number;
  readonly pending: readonly Pending[];
  readonly breaker?: Breaker;
  /** nothing is sent before, because the receiver is busy */
  readonly quietUntil?: EpochMs;
  /** nothing is sent before, because the receiver takes so many a second */
  readonly pacedUntil?: EpochMs;
  readonly failing?: Failing;
  /** attempts that were logged so far, where their number is not kept beside them */
  readonly attempts?: number;
  /** who works on it, where several could */
  readonly run?: { readonly id: string; readonly until: EpochMs };
}

const breaker: z.ZodType<Breaker> = z.union([
  z.strictObject({ state: z.literal('closed'), failed: whole, failures: whole, probeAfterMs: whole }),
  z.strictObject({ state: z.enum(['open', 'half-open']), sinceMs: z.number(), failures: whole, probeAfterMs: whole }),
]);

export const dispatchCodec = codecOf<DispatchState>(
  'state of a pushed subscription',
  stored<DispatchState>({
    cursor: whole,
    pending: z.array(
      stored<Pending>({
        position: whole,
        entity: z.string(),
        attempts: whole,
        dueAt: epochMs,
        behind: z.array(whole).exactOptional(),
        redriven: z.literal(true).exactOptional(),
      }),
    ),
    breaker: breaker.exactOptional(),
    quietUntil: epochMs.exactOptional(),
    pacedUntil: epochMs.exactOptional(),
    failing: stored<Failing>({ since: epochMs, lastAt: epochMs, told: whole }).exactOptional(),
    attempts: whole.exactOptional(),
    run: stored<NonNullable<DispatchState['run']>>({ id: z.string(), until: epochMs }).exactOptional(),
  }),
);

/**
 * The state with this run on it, to be written on condition that nothing changed meanwhile; undefined: another run is at work. A
 * run that was killed is over when its time is.
 */
export function claimRun(
  state: DispatchState,
  run: { readonly id: string; readonly until: EpochMs },
  nowMs: EpochMs,
): DispatchState | undefined {
  const isTaken = state.run !== undefined && state.run.id !== run.id && state.run.until > nowMs;
  return isTaken ? undefined : { ...state, run };
}
