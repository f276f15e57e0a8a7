/**
 * The breaker of one subscription: after so many failures in a row its deliveries stop, then one is let through from time
 * to time to see whether the subscriber is back. An open breaker holds events back; it never discards them, and it knows
 * nothing about what they are.
 */
export const DEFAULT_BREAKER: BreakerSettings = { failures: 3, probeAfterMs: 30_000 };

export interface BreakerSettings {
  /** consecutive failures that open it, at least 1 */
  readonly failures: number;
  /** from opening to the first probe, and from one probe to the next */
  readonly probeAfterMs: number;
}

/** Plain data, so that it can be kept: what was decided outlives the process that decided it. */
export type Breaker = BreakerSettings &
  (
    | { readonly state: 'closed'; /** consecutive failures so far */ readonly failed: number }
    /** `half-open`: a probe is on its way; what has not answered by `sinceMs + probeAfterMs` is taken for lost */
    | { readonly state: 'open' | 'half-open'; /** server time */ readonly sinceMs: number }
  );

export type BreakerVerdict =
  | { readonly kind: 'deliver' }
  /** deliver one event and no more; `breaker` is half-open now, and must be kept before the probe begins */
  | { readonly kind: 'probe'; readonly breaker: Breaker }
  /** hold events back; ask again then */
  | { readonly kind: 'wait'; readonly untilMs: number };

export function createBreaker({ failures, probeAfterMs }: Partial<BreakerSettings> = {}): Breaker {
  return {
    state: 'closed',
    failed: 0,
    failures: failures ?? DEFAULT_BREAKER.failures,
    probeAfterMs: probeAfterMs ?? DEFAULT_BREAKER.probeAfterMs,
  };
}

/** The breaker after one delivery ended. While it is open, ends of deliveries that began before it opened change nothing. */
export function breakerAfter(breaker: Breaker, outcome: 'success' | 'failure', nowMs: number): Breaker {
  if (breaker.state === 'open') return breaker;
  if (outcome === 'success') return createBreaker(breaker);
  const { failures, probeAfterMs } = breaker;
  const failed = breaker.state === 'closed' ? breaker.failed + 1 : failures;
  if (failed < failures) return { state: 'closed', failed, failures, probeAfterMs };
  return { state: 'open', sinceMs: nowMs, failures, probeAfterMs };
}

/** May an event be delivered now? */
export function askBreaker(breaker: Breaker, nowMs: number): BreakerVerdict {
  if (breaker.state === 'closed') return { kind: 'deliver' };
  const { sinceMs, failures, probeAfterMs } = breaker;
  const untilMs = sinceMs + probeAfterMs;
  // A clock that was set back says nothing about how long it has been: one probe too many does no harm, silence would.
  const isDue = nowMs >= untilMs || nowMs < sinceMs;
  if (!isDue) return { kind: 'wait', untilMs };
  return { kind: 'probe', breaker: { state: 'half-open', sinceMs: nowMs, failures, probeAfterMs } };
}
