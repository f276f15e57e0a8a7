/**
 * What publishing needs from protection, and what protection needs from processes that share a ledger. A process decides from
 * what it knows, and tells the others what it counted while the events are being recorded.
 */
import type { Origin, Rate } from '../../guard/index.ts';
import type { Principal } from '../../policy/index.ts';
import type { GuardError } from '../catalog/errors.ts';

/** An event about to be recorded, as far as protection looks at it. */
export interface GuardedEvent {
  readonly eventId: string;
  readonly topic: string;
  readonly chain: string;
  readonly origin: Origin;
}

export interface Guard {
  /**
   * One answer per event, in order: undefined, or why it may not be recorded. What a refusal stops is stopped, and on the
   * ledger, when this resolves.
   */
  admit(principal: Principal, events: readonly GuardedEvent[]): Promise<readonly (GuardError | undefined)[]>;
}

/**
 * Counts that several processes share. A call that failed, or whose answer was lost, may have counted: whoever counts too
 * much refuses too early, never too late.
 */
export interface SharedCounts {
  /** Adds to a window. @returns the count of all processes together */
  add(key: string, window: { readonly startMs: number; readonly lengthMs: number }, events: number): Promise<number>;
  /** Takes tokens that cannot be refused any more. @returns when the bucket of all processes together will be full again */
  owe(key: string, rate: Rate, tokens: number, nowMs: number): Promise<number>;
}
