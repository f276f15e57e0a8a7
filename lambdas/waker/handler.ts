/** The workflow resumer: wires the wake queue to the state machine. The only function that may answer task tokens. */
import { config } from '#config';
import { dynamoClient, sfnClient } from '../../adapters/aws/wiring/clients.ts';
import { systemClock } from '../../adapters/aws/request/system-clock.ts';
import { createGateReader } from '../../adapters/aws/workflow/gates.ts';
import { createStateReader } from '../../adapters/aws/workflow/state-reader.ts';
import { createQueueResumer } from '../../adapters/aws/workflow/queue-resumer.ts';
import { createWorkflowStatuses } from '../../core/changes/index.ts';
import { queueHandler } from '../_middleware/handlers.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env } from './env.ts';
import { serveResumeRequest } from './serve-resume-request.ts';

const telemetry = telemetryOf('waker');
const { STATE_TABLE: stateTable, STATE_MACHINE_ARN: stateMachineArn } = readEnv(env, telemetry.logger);
const { ledger } = config;
const items = createStateReader({ client: dynamoClient(), stateTable });
const resume = createQueueResumer({
  ...{ client: sfnClient(), stateMachineArn },
  gates: createGateReader(ledger, items),
  statuses: createWorkflowStatuses({ ledger, items, clock: systemClock }),
});

export const handler = queueHandler(telemetry, (record) =>
  serveResumeRequest(
    { resume, onResumed: (changeId, woken) => telemetry.logger.info('woken', { changeId, woken }) },
    record,
  ),
);
