/** A storm: more events on one topic within one second of server time than the topic was made for. */
import { countIn, type Window } from './window.ts';

export const STORM_WINDOW_MS = 1_000;

export interface StormStep {
  readonly window: Window;
  /** `storm`: this event is one too many, and the topic must be stopped before it is recorded */
  readonly verdict: 'calm' | 'storm';
}

/** One more event on the topic. @param perSecond the most that is calm */
export function stormAfter(window: Window | undefined, perSecond: number, nowMs: number): StormStep {
  const next = countIn(window, 1, { lengthMs: STORM_WINDOW_MS, nowMs });
  return { window: next, verdict: next.count > perSecond ? 'storm' : 'calm' };
}
