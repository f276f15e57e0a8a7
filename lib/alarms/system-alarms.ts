/** What is watched of the system as a whole, by the names that the product's papers give. */
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { DEGRADED_P95_MS, ERROR_RATE, ERROR_RATE_HIGH, RESPONSE_TIME } from '../../core/system/index.ts';
import type { AlarmSpec } from './runbook-alarm.ts';
import { metricsOf } from './metrics.ts';
import type { Watched } from './alarm-sources.ts';

const PERCENT = 100;

/** Under the names, and with the thresholds, that every engine has. */
export function systemAlarms({ deployment }: Pick<Watched, 'deployment'>): AlarmSpec[] {
  const { system } = metricsOf(deployment);
  return [
    {
      id: 'error_rate_high',
      section: 'error_rate_high',
      meaning: 'One in a hundred operations fails by a fault of the system.',
      metric: system(ERROR_RATE, Stats.AVERAGE),
      threshold: ERROR_RATE_HIGH * PERCENT,
      periods: 5,
    },
    {
      id: 'performance_degraded',
      section: 'performance_degraded',
      meaning: 'The system is slow: the 95th percentile of its operations is above half a second.',
      metric: system(RESPONSE_TIME, Stats.percentile(95)),
      threshold: DEGRADED_P95_MS,
      periods: 5,
    },
  ];
}
