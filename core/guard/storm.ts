/** A storm: more events on one topic within one second of server time than the topic was made for. */
import { countIn, type Window } from './window.ts';

export const STORM_WINDOW_MS = 1_000;
/** A process tells the others when it has counted this part of the limit: quiet topics cost nothing, busy ones little. */
const PART_UNTOLD = 50;

export interface StormStep {
  readonly window: Window;
  /** `storm`: this event is one too many, and the topic must be stopped before it is recorded */
  readonly verdict: 'calm' | 'storm';
}

/** Events that a process counts in one second before it tells the others: so many, less one, each of them may not know of. */
export function stormShare(perSecond: number): number {
  return Math.max(1, Math.floor(perSecond / PART_UNTOLD));
}

/** One more event on the topic. @param perSecond the most that is calm */
export function stormAfter(window: Window | undefined, perSecond: number, nowMs: number): StormStep {
  const next = countIn(window, 1, { lengthMs: STORM_WINDOW_MS, nowMs });
  return { window: next, verdict: next.count > perSecond ? 'storm' : 'calm' };
}
