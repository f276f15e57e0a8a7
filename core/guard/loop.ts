/**
 * A feedback loop: events that cause each other without end. Told by the number of hops an event says it is away from where
 * it began, and, where that is asked for, by one correlation coming back to the same place again and again.
 */
import { countIn, type Window } from './window.ts';

/** Hops after which a chain of events that cause each other is taken for a loop. */
export const MAX_HOPS = 16;

export interface LoopSettings {
  readonly maxHops: number;
  /** caused events of one correlation on one topic and entity in one window; undefined: not counted */
  readonly reentries?: number | undefined;
  readonly windowSeconds: number;
}

/** What an event says of where it comes from. */
export interface Origin {
  readonly hops?: number | undefined;
  readonly correlationId?: string | undefined;
  readonly causationId?: string | undefined;
}

export interface LoopStep {
  /** undefined: it is not counted */
  readonly window: Window | undefined;
  readonly verdict: { readonly kind: 'straight' } | { readonly kind: 'loop'; readonly reason: string };
}

/**
 * One more event on a topic and entity. @param window of this correlation there. Events that begin something (no hops, no
 * cause) are never counted: an import may give all it brings one correlation.
 */
export function loopAfter(
  window: Window | undefined,
  origin: Origin,
  { maxHops, reentries, windowSeconds }: LoopSettings,
  nowMs: number,
): LoopStep {
  const { hops = 0 } = origin;
  if (hops > maxHops) return { window: undefined, verdict: loop(`${hops} hops, and at most ${maxHops} are taken`) };
  if (reentries === undefined || !isCaused(origin)) return { window: undefined, verdict: { kind: 'straight' } };
  const next = countIn(window, 1, { lengthMs: windowSeconds * 1_000, nowMs });
  if (next.count <= reentries) return { window: next, verdict: { kind: 'straight' } };
  return {
    window: next,
    verdict: loop(`its correlation came back more than ${reentries} times in ${windowSeconds} s`),
  };
}

/** Does it go on with something that another event began? */
function isCaused({ hops = 0, causationId, correlationId }: Origin): boolean {
  return correlationId !== undefined && (hops > 0 || causationId !== undefined);
}

function loop(reason: string): LoopStep['verdict'] {
  return { kind: 'loop', reason };
}
