/** What protection did, as metrics. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { GuardStats } from '../../core/events/index.ts';
import type { Telemetry } from './telemetry.ts';

const NAMES: Readonly<Record<keyof GuardStats, string>> = {
  rateLimited: 'EventsRateLimited',
  refused: 'EventsRefused',
  stormsDetected: 'StormsDetected',
  loopsDetected: 'LoopsDetected',
  resets: 'TopicsReset',
};

export function guardMetrics({ metrics }: Pick<Telemetry, 'metrics'>): (what: keyof GuardStats) => void {
  return (what) => {
    metrics.addMetric(NAMES[what], MetricUnit.Count, 1);
  };
}
