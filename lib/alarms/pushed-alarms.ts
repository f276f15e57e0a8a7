/** Alarms about what is sent to functions and webhooks. */
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { SECONDS_PER_MINUTE } from '../../core/values/index.ts';
import type { Watched } from './alarm-sources.ts';
import { metricsOf } from './metrics.ts';
import type { AlarmSpec } from './runbook-alarm.ts';

export function pushedAlarms({ deployment }: Pick<Watched, 'deployment'>): AlarmSpec[] {
  const { own } = metricsOf(deployment);
  return [
    {
      id: 'pushed-age',
      section: 'pushed-age',
      meaning:
        'Events have waited for more than a quarter of an hour to be sent to a function or a webhook for the first time.',
      metric: own('subscription-reconciler', 'PushedAgeSeconds', Stats.MAXIMUM),
      threshold: 15 * SECONDS_PER_MINUTE,
      periods: 2,
    },
    {
      id: 'pushed-dead-letters',
      section: 'pushed-dead-letters',
      meaning:
        'A function or a webhook did not take an event as often as its subscription allows: it is a dead letter.',
      metric: own('delivery', 'PushedDeadLetters', Stats.SUM),
      threshold: 1,
    },
    {
      id: 'webhooks-disabled',
      section: 'webhooks-disabled',
      meaning: 'A webhook was disabled: its receiver failed for five days, or said that it wants nothing more.',
      metric: own('delivery', 'WebhooksDisabled', Stats.SUM),
      threshold: 1,
    },
  ];
}
