/** What the two dashboards show: is everything all right, and how fast and how much is it. */
import {
  AlarmStatusWidget,
  GraphWidget,
  Metric,
  Stats,
  type Alarm,
  type IMetric,
  type IWidget,
} from 'aws-cdk-lib/aws-cloudwatch';
import { RESPONSE_TIME, SUCCESS_RATE } from '../../core/system/index.ts';
import type { LedgerResources } from '../ledger-resources.ts';
import { lambdasOf } from '../functions/lambdas.ts';
import { metricsOf } from './metrics.ts';
import type { Watched } from './alarm-sources.ts';

const FULL_WIDTH = 24;
const HALF_WIDTH = 12;
const PERCENTILES = [50, 95, 99].map((percent) => Stats.percentile(percent));

export function healthWidgets({
  deployment,
  apiIds,
  queueNames,
  alarms,
}: Watched & { readonly alarms: Alarm[] }): IWidget[][] {
  const { own, lambda, queue, api, workflow } = metricsOf(deployment);
  return [
    [new AlarmStatusWidget({ title: 'Alarms', alarms, width: FULL_WIDTH, height: 6 })],
    [
      graph(
        'Requests that failed',
        Object.entries(apiIds).flatMap(([entryPoint, id]) =>
          ['4xx', '5xx'].map((status) => api(id, status, Stats.SUM).with({ label: `${entryPoint} ${status}` })),
        ),
      ),
      graph(
        'Functions that failed',
        lambdasOf(deployment).map((name) => lambda(name, 'Errors', Stats.SUM)),
      ),
    ],
    [
      graph(
        'Dead letters',
        Object.values(queueNames.deadLetters).map((name) =>
          queue(name, 'ApproximateNumberOfMessagesVisible', Stats.MAXIMUM),
        ),
      ),
      graph(
        'Waiting for the log (ms)',
        (['sequencer', 'router'] as const).map((name) => lambda(name, 'IteratorAge', Stats.MAXIMUM)),
      ),
    ],
    [
      graph('Waiting (s)', [
        own('outbox-sweeper', 'OutboxLagSeconds', Stats.MAXIMUM),
        own('subscription-reconciler', 'PushedAgeSeconds', Stats.MAXIMUM),
        own('log-publisher', 'CheckpointAgeSeconds', Stats.MAXIMUM),
        queue(queueNames.ingest, 'ApproximateAgeOfOldestMessage', Stats.MAXIMUM),
        queue(queueNames.wake, 'ApproximateAgeOfOldestMessage', Stats.MAXIMUM),
      ]),
      graph('Change-sets', [
        ...['ExecutionsStarted', 'ExecutionsSucceeded', 'ExecutionsFailed'].map((name) => workflow(name, Stats.SUM)),
        own('workflow-reconciler', 'ApprovalQueueAgeSeconds', Stats.MAXIMUM),
        own('workflow-reconciler', 'EscalatedApprovals', Stats.MAXIMUM),
      ]),
    ],
  ];
}

export function performanceWidgets({
  deployment,
  apiIds,
  queueNames,
  ledger,
}: Watched & { readonly ledger: LedgerResources }): IWidget[][] {
  const { own, lambda, api, queue } = metricsOf(deployment);
  const entryPoints = Object.entries(apiIds);
  const tables = Object.entries({ entries: ledger.entries.tableName, state: ledger.state.tableName });
  return [
    [
      graph(
        'Publish (ms)',
        PERCENTILES.map((statistic) => own('publish', 'RequestTime', statistic)),
      ),
      graph(
        'Answers of the API (ms)',
        entryPoints.flatMap(([entryPoint, id]) =>
          PERCENTILES.map((statistic) => api(id, 'Latency', statistic).with({ label: `${entryPoint} ${statistic}` })),
        ),
      ),
    ],
    operationGraphs(deployment),
    pushedGraphs(deployment),
    [
      graph(
        'Requests',
        entryPoints.map(([entryPoint, id]) => api(id, 'Count', Stats.SUM).with({ label: entryPoint })),
      ),
      graph(
        'Running functions',
        lambdasOf(deployment).map((name) => lambda(name, 'ConcurrentExecutions', Stats.MAXIMUM)),
      ),
    ],
    [
      graph(
        'Functions, p95 (ms)',
        lambdasOf(deployment).map((name) => lambda(name, 'Duration', Stats.percentile(95))),
      ),
      graph(
        'Queued',
        [queueNames.ingest, queueNames.wake].map((name) => queue(name, 'NumberOfMessagesSent', Stats.SUM)),
      ),
    ],
    [
      graph(
        'Write units',
        tables.map(([label, name]) => capacity(label, name, 'ConsumedWriteCapacityUnits')),
      ),
      graph(
        'Read units',
        tables.map(([label, name]) => capacity(label, name, 'ConsumedReadCapacityUnits')),
      ),
    ],
  ];
}

function pushedGraphs(deployment: Watched['deployment']): IWidget[] {
  const { own, lambda } = metricsOf(deployment);
  return [
    graph(
      'Sent to functions',
      ['EventsPushed', 'PushesFailed', 'PushesPutOff', 'PushedDeadLetters'].map((name) =>
        own('delivery', name, Stats.SUM),
      ),
    ),
    graph(
      'Delivery function (ms)',
      PERCENTILES.map((statistic) => lambda('delivery', 'Duration', statistic)),
    ),
  ];
}

/** Under the names that every engine has. */
function operationGraphs(deployment: Watched['deployment']): IWidget[] {
  const { system } = metricsOf(deployment);
  return [
    graph('Operations that were done (%)', [system(SUCCESS_RATE, Stats.AVERAGE)]),
    graph(
      'Operations (ms)',
      PERCENTILES.map((statistic) => system(RESPONSE_TIME, statistic)),
    ),
  ];
}

function graph(title: string, left: IMetric[]): GraphWidget {
  return new GraphWidget({ title, left, width: HALF_WIDTH });
}

function capacity(label: string, TableName: string, metricName: string): Metric {
  return new Metric({
    namespace: 'AWS/DynamoDB',
    dimensionsMap: { TableName },
    metricName,
    statistic: Stats.SUM,
    label,
  });
}
