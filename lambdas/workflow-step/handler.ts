/** The workflow's steps: wires the state machine to the system that takes them. */
import { config } from '#config';
import { queueSender } from '../../adapters/aws/wiring/clients.ts';
import { openAwsSystem } from '../../adapters/aws/wiring/open-system.ts';
import { createExecutors } from '../../adapters/aws/wiring/executors-part.ts';
import { createRelayBus } from '../../adapters/aws/wiring/relay-bus.ts';
import { openRootKey } from '../../adapters/aws/wiring/root-key.ts';
import { systemClock } from '../../adapters/aws/request/system-clock.ts';
import { createGates } from '../../adapters/aws/workflow/gates.ts';
import { createResumeQueue } from '../../adapters/aws/workflow/resume-queue.ts';
import { createWorkflowStatuses } from '../../core/changes/index.ts';
import { working as useCases } from '../../core/system/index.ts';
import { asError, directHandler } from '../_middleware/handlers.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env } from './env.ts';
import { takeStep, type StepDependencies } from './take-step.ts';

const telemetry = telemetryOf('workflow-step');
const variables = readEnv(env, telemetry.logger);
const onError = (error: unknown): void => telemetry.logger.error('left to others', asError(error));
const resumeQueue = createResumeQueue({
  ...{ send: queueSender(), queueUrl: variables.WAKE_QUEUE_URL },
  onError: (_changeId, error) => onError(error),
});

const opened = await openAwsSystem({
  ...{ config, env: variables, hooks: { onError }, useCases },
  rootSigner: openRootKey(variables),
  ports: (base) => {
    base.beforeAnswer(() => resumeQueue.flush());
    return {
      bus: createRelayBus(variables, base),
      onChangeStep: (changeId) => resumeQueue.onChangeStep(changeId),
      executors: createExecutors(process.env, variables.EXECUTOR_FUNCTIONS),
    };
  },
});
const { system, base } = opened;
const { ledger } = config;
const deps: StepDependencies = {
  ...{ changes: system.changes, resumeQueue, clock: systemClock },
  statuses: createWorkflowStatuses({ ledger, items: base.store, clock: systemClock }),
  gates: createGates(ledger, base.store),
};

export const handler = directHandler(telemetry, async (input: unknown) => {
  try {
    await opened.refreshPolicy();
    return await takeStep(deps, input);
  } finally {
    await opened.flush(); // events of the step: afterwards the process may be frozen
  }
});
