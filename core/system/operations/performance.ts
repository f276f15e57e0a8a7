/**
 * Is the system as fast and as reliable as it should be? By the names that the product's papers give these figures and
 * alarms; the same thresholds on every engine.
 */
import type { SubscriptionStats } from '../../events/index.ts';
import type { OperationMetrics } from './metrics.ts';

/** Names of metrics, as CloudWatch has them; Prometheus' are made of them (docs/metrics.md). */
export const SUCCESS_RATE = 'nervous_system.operation.success_rate';
export const ERROR_RATE = 'nervous_system.operation.error_rate';
export const RESPONSE_TIME = 'nervous_system.performance.response_time_ms';
/** What became of published events, as CloudWatch counts it. */
export const PUBLISHED_EVENTS = {
  accepted: 'EventsAccepted',
  duplicate: 'EventsDuplicate',
  rejected: 'EventsRejected',
} as const;

/** Of what was asked for in a minute, the part that failed by a fault of ours. */
export const ERROR_RATE_HIGH = 0.01;
/** Fewer faults than this are told by their errors, not by a rate. */
const MIN_FAILED = 5;
/** 95th percentile: five times the goal. */
export const DEGRADED_P95_MS = 500;

export interface AlarmState {
  readonly raised: boolean;
  readonly detail: string;
}
export interface Alarms {
  readonly error_rate_high: AlarmState;
  readonly performance_degraded: AlarmState;
}

export function alarmsOf({ p95, recent }: Pick<OperationMetrics, 'p95' | 'recent'>): Alarms {
  const { operations, failed, seconds } = recent;
  const rate = operations === 0 ? 0 : failed / operations;
  return {
    error_rate_high: {
      raised: failed >= MIN_FAILED && rate >= ERROR_RATE_HIGH,
      detail: `${failed} of ${operations} operations failed in the last ${Math.round(seconds)} s`,
    },
    performance_degraded: {
      raised: p95 >= DEGRADED_P95_MS,
      detail: `95 % of the newest operations took ${Math.round(p95)} ms or less; ${DEGRADED_P95_MS} ms is too much`,
    },
  };
}

/** From recorded to acknowledged, of the slowest subscription; undefined: nothing was delivered, or nobody measures. */
export function messageLatencyOf(
  subscriptions: readonly SubscriptionStats[],
): { readonly p50: number; readonly p95: number } | undefined {
  const measured = subscriptions.flatMap(({ latencyMs }) => latencyMs ?? []);
  return measured.reduce<(typeof measured)[number] | undefined>(
    (slowest, one) => (slowest === undefined || one.p95 > slowest.p95 ? one : slowest),
    undefined,
  );
}
