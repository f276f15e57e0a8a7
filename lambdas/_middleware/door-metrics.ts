/**
 * What passed the door, as metrics under the names of the product's papers. One service for all functions: it is the system
 * that is reliable and fast or not, and each further dimension would be paid for.
 */
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import { ERROR_RATE, RESPONSE_TIME, SUCCESS_RATE, USE_CASES, type Passage } from '../../core/system/index.ts';
import { NAMESPACE, SYSTEM_SERVICE } from './telemetry.ts';

const ALL = 100;

export function doorMetrics(
  metrics: Pick<Metrics, 'addMetric' | 'publishStoredMetrics'> = new Metrics({
    namespace: NAMESPACE,
    serviceName: SYSTEM_SERVICE,
  }),
): (passage: Passage) => void {
  return ({ useCase, outcome, durationMs }) => {
    metrics.addMetric(SUCCESS_RATE, MetricUnit.Percent, outcome === 'succeeded' ? ALL : 0);
    metrics.addMetric(ERROR_RATE, MetricUnit.Percent, outcome === 'failed' ? ALL : 0);
    if (USE_CASES[useCase].waits !== true) metrics.addMetric(RESPONSE_TIME, MetricUnit.Milliseconds, durationMs);
    metrics.publishStoredMetrics();
  };
}
