/**
 * What passed the entry point and what was published, as metrics under the names of the product's papers. One service for all
 * functions: it is the system that is reliable and fast or not, and each further dimension would be paid for.
 */
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import {
  ERROR_RATE,
  PUBLISHED_EVENTS,
  RESPONSE_TIME,
  SUCCESS_RATE,
  USE_CASES,
  type GroundPorts,
  type Ports,
} from '../../core/system/index.ts';
import { NAMESPACE, SYSTEM_SERVICE } from './telemetry.ts';

const ALL = 100;

export type EntryPointHooks = Required<Pick<GroundPorts, 'onPassage'> & Pick<Ports, 'onPublished'>>;

export function entryPointMetrics(
  metrics: Pick<Metrics, 'addMetric' | 'publishStoredMetrics'> = new Metrics({
    namespace: NAMESPACE,
    serviceName: SYSTEM_SERVICE,
  }),
): EntryPointHooks {
  return {
    /** Written with the passage that published, in one line. */
    onPublished: (results) => {
      const byStatus = Map.groupBy(results, ({ status }) => status);
      for (const [status, { length }] of byStatus)
        metrics.addMetric(PUBLISHED_EVENTS[status], MetricUnit.Count, length);
    },
    onPassage: ({ useCase, outcome, durationMs }) => {
      metrics.addMetric(SUCCESS_RATE, MetricUnit.Percent, outcome === 'succeeded' ? ALL : 0);
      metrics.addMetric(ERROR_RATE, MetricUnit.Percent, outcome === 'failed' ? ALL : 0);
      if (USE_CASES[useCase].waits !== true) metrics.addMetric(RESPONSE_TIME, MetricUnit.Milliseconds, durationMs);
      metrics.publishStoredMetrics();
    },
  };
}
