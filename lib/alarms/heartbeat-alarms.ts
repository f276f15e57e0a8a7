/**
 * What must be heard again and again: that it is not heard is the alarm, because a function that never runs measures nothing
 * and fails at nothing. Right after the first deployment nothing has been heard yet (docs/runbook.md).
 */
import { Duration } from 'aws-cdk-lib';
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import type { AlarmSpec } from './runbook-alarm.ts';
import type { Deployment } from '../deployment.ts';
import type { LambdaName } from '../functions/lambdas.ts';
import { metricsOf } from './metrics.ts';
import { SECONDS_PER_DAY } from '../../core/values/index.ts';

const HOUR = Duration.hours(1);
/** The audit runs once a day and may take a while. */
const AUDIT_HOURS = 26;
/** Catching up goes on once an hour. */
const CATCH_UP_HOURS = 3;
/** A pass begins once a day. One that does not end within the next day never will. */
const PASS_AGE_S = 2 * SECONDS_PER_DAY;
/** They run every minute. */
const EVERY_MINUTE: readonly LambdaName[] = [
  'log-publisher',
  'outbox-sweeper',
  'subscription-reconciler',
  'workflow-reconciler',
];
const SILENT_MINUTES = 15;
/** The lake is exported once an hour; one run may fail. */
const LAKE_HOURS = 3;

export function heartbeatAlarms({ deployment }: { readonly deployment: Deployment }): AlarmSpec[] {
  const { own, lambda } = metricsOf(deployment);
  const silent = { threshold: 1, fires: 'below', ifMissing: 'fires' } as const;
  return [
    {
      id: 'audit-missing',
      section: 'audit-missing',
      meaning: 'The daily audit of the whole ledger has not come to a verdict for more than a day.',
      metric: own('verify', 'AuditFinished', Stats.SUM).with({ period: HOUR }),
      periods: AUDIT_HOURS,
      ...silent,
    },
    {
      id: 'catch-up-missing',
      section: 'catch-up-missing',
      meaning: 'Nobody looks for entries without a place in the log any more.',
      metric: own('sequencer', 'CatchUpRan', Stats.SUM).with({ period: HOUR }),
      periods: CATCH_UP_HOURS,
      ...silent,
    },
    {
      id: 'catch-up-slow',
      section: 'catch-up-missing',
      meaning: 'Looking through the entries table for entries without a place in the log takes more than two days.',
      metric: own('sequencer', 'CatchUpAgeSeconds', Stats.MAXIMUM).with({ period: HOUR }),
      threshold: PASS_AGE_S,
    },
    {
      id: 'entries-caught-up',
      section: 'entries-caught-up',
      meaning: 'Entries had no place in the log although they were old: the stream did not tell of them.',
      metric: own('sequencer', 'EntriesCaughtUp', Stats.SUM).with({ period: HOUR }),
      threshold: 1,
    },
    ...(deployment.lake
      ? [
          {
            id: 'lake-behind',
            section: 'lake-behind',
            meaning: 'The audit lake has not had everything that was published for three hours.',
            metric: own('lake-exporter', 'LakeCaughtUp', Stats.SUM).with({ period: HOUR }),
            periods: LAKE_HOURS,
            ...silent,
          },
        ]
      : []),
    ...EVERY_MINUTE.map((name) => ({
      id: `silent-${name}`,
      section: 'function-silent',
      meaning: `The function ${name} should run every minute and has not for a quarter of an hour.`,
      metric: lambda(name, 'Invocations', Stats.SUM),
      periods: SILENT_MINUTES,
      ...silent,
    })),
  ];
}
