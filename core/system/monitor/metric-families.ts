/** What the system reports of itself (`monitor()`), as families of metrics. docs/metrics.md repeats their names. */
import type { ApprovalQueue } from '../../changes/index.ts';
import type { SubscriptionStats } from '../../events/index.ts';
import type { MetricFamily, MetricSample } from './exposition.ts';
import type { MonitorReport } from '../contract/nervous-system.ts';
import { MS_PER_SECOND } from '../../values/index.ts';

const BREAKER_STATES = ['closed', 'open', 'half-open'] as const;

type SubscriptionFamily = Omit<MetricFamily, 'samples'> & {
  readonly samplesOf: (one: SubscriptionStats) => readonly MetricSample[];
};

const COUNTS = {
  delivered: ['delivered_events', 'counter', 'Events acknowledged since start'],
  failed: ['failed_deliveries', 'counter', 'Attempts that failed since start'],
  backlog: ['backlog_events', 'gauge', 'Events that wait, at most'],
  inFlight: ['in_flight_events', 'gauge', 'Events handed out and not settled'],
  retrying: ['retrying_events', 'gauge', 'Events that wait for another attempt'],
  deadLetters: ['dead_letters', 'gauge', 'Events whose delivery was given up'],
} as const;

const SUBSCRIPTION_FAMILIES: readonly SubscriptionFamily[] = [
  ...Object.entries(COUNTS).map(([field, [what, type, help]]) => ({
    ...{ name: `nervous_subscription_${what}`, type, help },
    samplesOf: (one: SubscriptionStats) => [{ value: one[field as keyof typeof COUNTS] }],
  })),
  {
    ...{ name: 'nervous_subscription_delivery_seconds', type: 'summary', unit: 'seconds' },
    help: 'From recorded to acknowledged, of the newest deliveries',
    samplesOf: ({ latencyMs }) => (latencyMs === undefined ? [] : quantiles(latencyMs)),
  },
  {
    ...{ name: 'nervous_subscription_breaker', type: 'gauge', help: '1 for the state that the breaker is in' },
    samplesOf: ({ breaker }) =>
      breaker === undefined
        ? []
        : BREAKER_STATES.map((state) => ({ labels: { state }, value: state === breaker ? 1 : 0 })),
  },
];

export function metricFamilies(report: MonitorReport): readonly MetricFamily[] {
  const {
    ledger,
    origin,
    entries,
    operations,
    alarms,
    responseTimeMs,
    published,
    guard,
    streams,
    approvalQueue,
    reviewQueue,
  } = report;
  const { successRate } = operations;
  return [
    {
      name: 'nervous_ledger',
      type: 'info',
      help: 'Which ledger this is',
      samples: [{ labels: { ledger, origin }, value: 1 }],
    },
    gauge('nervous_entries', 'Entries in the ledger', entries),
    operationsFamily(operations),
    gauge('nervous_system_operation_success_rate', 'What was done since start, of all that was asked for', successRate),
    alarmFamily(alarms),
    {
      ...{ name: 'nervous_system_performance_response_time_seconds', type: 'summary', unit: 'seconds' },
      help: 'Duration of the newest operations, without those that wait for what is to come',
      samples: quantiles(responseTimeMs),
    },
    counter('nervous_published_events', 'Events published since start, by what became of them', 'status', published),
    ...(guard === undefined
      ? []
      : [counter('nervous_guard_actions', 'What protection did since start', 'action', snakeCased(guard))]),
    ...(streams === undefined ? [] : [gauge('nervous_streams', 'Streams of the feed that are open', streams)]),
    ...approvalFamilies(approvalQueue),
    gauge('nervous_post_reviews', 'Overrides and samples that wait to be looked at', reviewQueue.length),
    gauge('nervous_post_reviews_overdue', 'Those that should have been looked at by now', reviewQueue.overdue),
    ...subscriptionFamilies(report.subscriptions),
  ];
}

function alarmFamily(alarms: MonitorReport['alarms']): MetricFamily {
  const samples = Object.entries(alarms).map(([alarm, { raised }]) => ({ labels: { alarm }, value: raised ? 1 : 0 }));
  return { name: 'nervous_system_alarm', type: 'gauge', help: '1 for an alarm that is raised', samples };
}

/** A use case that nobody asked for has no sample. */
function operationsFamily({ byUseCase }: MonitorReport['operations']): MetricFamily {
  const samples = Object.entries(byUseCase).flatMap(([use_case, outcomes]) =>
    Object.entries(outcomes).map(([outcome, value]) => ({ labels: { use_case, outcome }, value })),
  );
  return {
    name: 'nervous_operations',
    type: 'counter',
    help: 'What passed the entry point since start, by outcome',
    samples,
  };
}

function approvalFamilies({
  length,
  oldestAgeMs,
  escalated,
  reminders,
  byLevel,
}: ApprovalQueue): readonly MetricFamily[] {
  const levels = Object.entries(byLevel).map(([level, waiting]) => ({ labels: { level }, value: waiting.length }));
  return [
    gauge('nervous_approval_queue', 'Change-sets that wait for a decision', length),
    {
      ...gauge('nervous_approval_queue_oldest_age_seconds', 'Age of the oldest of them', oldestAgeMs / MS_PER_SECOND),
      unit: 'seconds',
    },
    gauge('nervous_approval_queue_escalated', 'How many of them have been escalated', escalated),
    gauge('nervous_approval_queue_reminders', 'Reminders sent for them', reminders),
    ...(levels.length === 0
      ? []
      : [
          {
            name: 'nervous_approval_queue_by_level',
            type: 'gauge' as const,
            help: 'The same by level of risk',
            samples: levels,
          },
        ]),
  ];
}

/** A family without samples says nothing, and is left out. */
function subscriptionFamilies(all: readonly SubscriptionStats[]): readonly MetricFamily[] {
  return SUBSCRIPTION_FAMILIES.map(({ samplesOf, ...family }) => ({
    ...family,
    samples: all.flatMap((one) => {
      const { subscription, module } = one;
      return samplesOf(one).map(({ labels, value }) => ({ labels: { subscription, module, ...labels }, value }));
    }),
  })).filter(({ samples }) => samples.length > 0);
}

function gauge(name: string, help: string, value: number): MetricFamily {
  return { name, type: 'gauge', help, samples: [{ value }] };
}

function counter(name: string, help: string, label: string, counts: Readonly<Record<string, number>>): MetricFamily {
  const samples = Object.entries(counts).map(([key, value]) => ({ labels: { [label]: key }, value }));
  return { name, type: 'counter', help, samples };
}

function quantiles({ p50, p95 }: { readonly p50: number; readonly p95: number }): readonly MetricSample[] {
  return [
    { labels: { quantile: '0.5' }, value: p50 / MS_PER_SECOND },
    { labels: { quantile: '0.95' }, value: p95 / MS_PER_SECOND },
  ];
}

/** `stormsDetected` → `storms_detected` */
function snakeCased(counts: object): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(counts as Record<string, number>).map(([name, value]) => [
      name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
      value,
    ]),
  );
}
