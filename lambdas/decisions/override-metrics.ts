/** That soft rules were overridden in an emergency (break-glass), as a metric with an alarm: somebody should know at once. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Passage } from '../../core/system/index.ts';
import type { Telemetry } from '../_middleware/telemetry.ts';

export function overrideMetrics({
  metrics,
}: {
  readonly metrics: Pick<Telemetry['metrics'], 'addMetric'>;
}): (passage: Pick<Passage, 'useCase' | 'outcome'>) => void {
  return ({ useCase, outcome }) => {
    if (useCase === 'overrideChangeSet' && outcome === 'succeeded')
      metrics.addMetric('OverridesUsed', MetricUnit.Count, 1);
  };
}
