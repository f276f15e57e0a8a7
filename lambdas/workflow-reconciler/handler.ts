/** The workflow's reconciler: wires the schedule (or whoever invokes it) to what compares change-sets with executions. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { config } from '#config';
import { dynamoClient, queueSender, sfnClient } from '../../adapters/aws/wiring/clients.ts';
import { systemClock } from '../../adapters/aws/request/system-clock.ts';
import { createGateReader } from '../../adapters/aws/workflow/gates.ts';
import { reconcileWorkflows, type ReconcilerOptions } from '../../adapters/aws/workflow/reconciler.ts';
import { createStateReader } from '../../adapters/aws/workflow/state-reader.ts';
import { createResumeQueue } from '../../adapters/aws/workflow/resume-queue.ts';
import { createWorkflowStatuses, createTimekeeping } from '../../core/changes/index.ts';
import { scheduledHandler } from '../_middleware/handlers.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env } from './env.ts';
import { heal } from './heal.ts';
import { scopeOf } from './scope.ts';

const telemetry = telemetryOf('workflow-reconciler');
const { logger, metrics } = telemetry;
const variables = readEnv(env, logger);
const { STATE_TABLE: stateTable, STATE_MACHINE_ARN: stateMachineArn, WAKE_QUEUE_URL: queueUrl } = variables;
const { ledger, risk: configured } = config;
const items = createStateReader({ client: dynamoClient(), stateTable });
const onError = (subject: string, error: unknown): void => logger.error('not healed', { subject, error });

const options: ReconcilerOptions = {
  ...{ client: sfnClient(), stateMachineArn, clock: systemClock },
  statuses: createWorkflowStatuses({ ledger, items, clock: systemClock }),
  timekeeping: createTimekeeping({ ledger, items, clock: systemClock, configured }),
  gates: createGateReader(ledger, items),
  resumeQueue: createResumeQueue({ send: queueSender(), queueUrl, onError }),
};

export const handler = scheduledHandler(telemetry, (event: unknown) =>
  heal({
    reconcile: () => reconcileWorkflows(options, scopeOf(event)),
    onMetric: (name, value, level) => {
      const of = level === undefined ? metrics : metrics.singleMetric().addDimension('level', level);
      of.addMetric(name, name.endsWith('Seconds') ? MetricUnit.Seconds : MetricUnit.Count, value);
    },
    onHealed: (what, subjects) => logger.info('healed', { what, subjects }),
    onError,
  }),
);
