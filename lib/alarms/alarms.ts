/**
 * Everything that is watched, as one list: what somebody must act on, and from which value on. Each names its section of
 * docs/runbook.md; a test keeps the two in step. What is only nice to know is on the dashboards.
 */
import { Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { CHANGES, type Change } from './change-watch.ts';
import type { AlarmSpec } from './runbook-alarm.ts';
import { DEAD_LETTER_QUEUES, type DeadLetterQueue } from '../deployment.ts';
import { heartbeatAlarms } from './heartbeat-alarms.ts';
import { ALONE, lambdasOf } from '../functions/lambdas.ts';
import { failedDeliveries, metricsOf, throttledByAws } from './metrics.ts';
import { pushedAlarms } from './pushed-alarms.ts';
import { systemAlarms } from './system-alarms.ts';
import type { Watched } from './alarm-sources.ts';
import { workflowAlarms } from './workflow-alarms.ts';
import { MS_PER_SECOND, SECONDS_PER_MINUTE } from '../../core/values/index.ts';

/** The heartbeat is ten minutes. */
const CHECKPOINT_AGE_S = 15 * SECONDS_PER_MINUTE;
/** The goal is 100 ms; half a second, for five minutes, is trouble. */
const SLOW_PUBLISH_MS = 500;

export function watches(watched: Watched): readonly AlarmSpec[] {
  return [
    ...ledgerWatches(watched),
    ...deliveryWatches(watched),
    ...workflowAlarms(watched),
    ...apiWatches(watched),
    ...systemAlarms(watched),
    ...functionWatches(watched),
    ...heartbeatAlarms(watched),
    ...changeWatches(watched),
    ...deadLetterWatches(watched),
  ];
}

function ledgerWatches({ deployment }: Watched): AlarmSpec[] {
  const { own, lambda } = metricsOf(deployment);
  return [
    {
      id: 'tamper-observed',
      section: 'tamper-observed',
      meaning: 'A stored entry was changed or removed.',
      metric: own('sequencer', 'TamperObserved', Stats.SUM),
      threshold: 1,
    },
    {
      id: 'sequencer-errors',
      section: 'sequencer-errors',
      meaning: 'The sequencer keeps failing: new entries get no place in the log.',
      metric: lambda('sequencer', 'Errors', Stats.SUM),
      threshold: 1,
      periods: 3,
    },
    {
      id: 'stream-age',
      section: 'stream-age',
      meaning: 'New entries wait for the sequencer for more than a minute.',
      metric: lambda('sequencer', 'IteratorAge', Stats.MAXIMUM),
      threshold: SECONDS_PER_MINUTE * MS_PER_SECOND,
      periods: 3,
    },
    ...publishingWatches({ deployment }),
    {
      id: 'throttled-by-aws',
      section: 'throttled-by-aws',
      meaning: 'KMS, DynamoDB or EventBridge refuses calls because there are too many.',
      metric: throttledByAws(),
      threshold: 1,
      periods: 3,
    },
  ];
}

function publishingWatches({ deployment }: Pick<Watched, 'deployment'>): AlarmSpec[] {
  const { own } = metricsOf(deployment);
  return [
    {
      id: 'ledger-not-ok',
      section: 'ledger-not-ok',
      meaning: 'The daily audit, or somebody who asked, found that the ledger does not verify.',
      metric: own('verify', 'LedgerNotOk', Stats.SUM),
      threshold: 1,
    },
    {
      id: 'log-publish-failed',
      section: 'log-publish-failed',
      meaning: 'The log could not be published three minutes in a row; perhaps it does not fit what was signed before.',
      metric: own('log-publisher', 'LogPublishFailed', Stats.SUM),
      threshold: 1,
      periods: 3,
    },
    {
      id: 'checkpoint-age',
      section: 'checkpoint-age',
      meaning: 'The witness has not confirmed a checkpoint for a quarter of an hour, or nothing says that it has.',
      metric: own('log-publisher', 'CheckpointAgeSeconds', Stats.MAXIMUM),
      threshold: CHECKPOINT_AGE_S,
      periods: 5,
      ifMissing: 'fires',
    },
    {
      id: 'checkpoint-restored',
      section: 'checkpoint-restored',
      meaning: 'Somebody removed the published checkpoint or put an older one in its place; it is there again.',
      metric: own('log-publisher', 'CheckpointRestored', Stats.SUM),
      threshold: 1,
    },
    {
      id: 'anchor-shadowed',
      section: 'anchor-shadowed',
      meaning: 'Somebody wrote over an anchor, or deleted it; the first version is still there.',
      metric: own('log-publisher', 'AnchorShadowed', Stats.SUM),
      threshold: 1,
    },
    {
      id: 'witness-refused',
      section: 'witness-refused',
      meaning: 'The witness refuses what the log shows it: the log may have been forked.',
      metric: own('witness', 'WitnessRefused', Stats.SUM),
      threshold: 1,
    },
  ];
}

function deliveryWatches({ deployment, queueNames }: Watched): AlarmSpec[] {
  const { own, queue, lambda } = metricsOf(deployment);
  return [
    {
      id: 'outbox-lag',
      section: 'outbox-lag',
      meaning: 'Recorded events have not been relayed for more than five minutes.',
      metric: own('outbox-sweeper', 'OutboxLagSeconds', Stats.MAXIMUM),
      threshold: 5 * SECONDS_PER_MINUTE,
      periods: 2,
    },
    {
      id: 'router-age',
      section: 'router-age',
      meaning: 'Ordered subscriptions get their events more than a minute late.',
      metric: lambda('router', 'IteratorAge', Stats.MAXIMUM),
      threshold: SECONDS_PER_MINUTE * MS_PER_SECOND,
      periods: 3,
    },
    ...subscriptionWatches({ deployment }),
    ...undeliveredWatches({ deployment }),
    ...pushedAlarms({ deployment }),
    {
      id: 'forged-delivery',
      section: 'forged-delivery',
      meaning: 'A message stood in a queue of a subscription that this system did not make.',
      metric: own('subscriptions', 'ForgedDeliveries', Stats.SUM),
      threshold: 1,
    },
    ...(['publish', 'ingest'] as const).map((lambda) => ({
      id: `storm-detected-${lambda}`,
      section: 'storm-detected',
      meaning: 'A topic was stopped: too many events in one second. It may stay so until somebody opens it.',
      metric: own(lambda, 'StormsDetected', Stats.SUM),
      threshold: 1,
    })),
    {
      id: 'loop-detected',
      section: 'loop-detected',
      meaning: "Modules cause each other's events without end; the events of the loop are refused.",
      metric: own('publish', 'LoopsDetected', Stats.SUM),
      threshold: 1,
    },
    {
      id: 'ingest-age',
      section: 'ingest-age',
      meaning: 'Events of AWS services or modules wait for more than five minutes to be recorded.',
      metric: queue(queueNames.ingest, 'ApproximateAgeOfOldestMessage', Stats.MAXIMUM),
      threshold: 5 * SECONDS_PER_MINUTE,
      periods: 2,
    },
  ];
}

function subscriptionWatches({ deployment }: Pick<Watched, 'deployment'>): AlarmSpec[] {
  const { own } = metricsOf(deployment);
  return [
    {
      id: 'subscriptions-failing',
      section: 'subscriptions-failing',
      meaning: 'Queues or rules of subscriptions could not be brought in order.',
      metric: own('subscription-reconciler', 'SubscriptionsFailing', Stats.MAXIMUM),
      threshold: 1,
      periods: 5,
    },
    {
      id: 'subscribers-failing',
      section: 'subscribers-failing',
      meaning: 'Half of the subscribers of a topic, or more, get nothing: their breakers are open.',
      metric: own('subscription-reconciler', 'TopicsFailing', Stats.MAXIMUM),
      threshold: 1,
      periods: 5,
    },
  ];
}

function undeliveredWatches({ deployment }: Pick<Watched, 'deployment'>): AlarmSpec[] {
  const { own } = metricsOf(deployment);
  return [
    // An emulator has no alarms on questions (docs/testing.md).
    ...(deployment.emulated
      ? []
      : [
          {
            id: 'deliveries-failed',
            section: 'deliveries-failed',
            meaning: 'EventBridge gave up deliveries to the queues of subscriptions.',
            metric: failedDeliveries(deployment),
            threshold: 1,
          },
        ]),
    {
      id: 'deliveries-made-again',
      section: 'deliveries-failed',
      meaning: 'Deliveries that EventBridge had given up were made again, from the ledger: subscribers got them late.',
      metric: own('subscription-reconciler', 'DeliveriesMadeAgain', Stats.SUM),
      threshold: 1,
    },
  ];
}

function apiWatches({ deployment, apiIds }: Watched): AlarmSpec[] {
  const { own, api } = metricsOf(deployment);
  return [
    ...Object.entries(apiIds).map(([entryPoint, apiId]) => ({
      id: `api-5xx-${entryPoint}`,
      section: 'api-5xx',
      meaning: `Requests at the ${entryPoint} API fail inside.`,
      metric: api(apiId, '5xx', Stats.SUM),
      threshold: 5,
    })),
    {
      id: 'publish-slow',
      section: 'publish-slow',
      meaning: 'Publishing is slow: the 95th percentile is above half a second.',
      metric: own('publish', 'RequestTime', Stats.percentile(95)),
      threshold: SLOW_PUBLISH_MS,
      periods: 5,
    },
  ];
}

function functionWatches({ deployment }: Watched): AlarmSpec[] {
  const { lambda } = metricsOf(deployment);
  return lambdasOf(deployment).flatMap((name) => [
    {
      id: `errors-${name}`,
      section: 'function-errors',
      meaning: `The function ${name} failed at least three times in a minute.`,
      metric: lambda(name, 'Errors', Stats.SUM),
      threshold: 3,
    },
    // What runs alone is refused by design when it is called while it runs; that it runs at all is a heartbeat.
    ...(ALONE.has(name)
      ? []
      : [
          {
            id: `throttles-${name}`,
            section: 'function-throttles',
            meaning: `AWS refused to run the function ${name}: too many at once.`,
            metric: lambda(name, 'Throttles', Stats.SUM),
            threshold: 1,
            periods: 3,
          },
        ]),
  ]);
}

function changeWatches({ deployment, changeRules }: Watched): AlarmSpec[] {
  const { rule } = metricsOf(deployment);
  return Object.entries(CHANGES).map(([change, meaning]) => ({
    id: change,
    section: change,
    meaning,
    metric: rule(changeRules[change as Change], 'Invocations', Stats.SUM),
    threshold: 1,
  }));
}

function deadLetterWatches({ deployment, queueNames }: Watched): AlarmSpec[] {
  const { queue } = metricsOf(deployment);
  return Object.entries(DEAD_LETTER_QUEUES).map(([of, meaning]) => ({
    id: `${of}-dead-letters`,
    section: `${of}-dead-letters`,
    meaning,
    metric: queue(queueNames.deadLetters[of as DeadLetterQueue], 'ApproximateNumberOfMessagesVisible', Stats.MAXIMUM),
    threshold: 1,
  }));
}
