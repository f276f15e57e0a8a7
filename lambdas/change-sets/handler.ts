/** /v1/change-sets but decisions: proposed, read, revised, withdrawn, aborted, reverted. */
import { config } from '#config';
import { openAwsSystem } from '../../adapters/aws/wiring/open-system.ts';
import { createExecutors } from '../../adapters/aws/wiring/executors-part.ts';
import { createRelayBus } from '../../adapters/aws/wiring/relay-bus.ts';
import { openRootKey } from '../../adapters/aws/wiring/root-key.ts';
import { createWorkflowResumer } from '../../adapters/aws/wiring/workflow-resumer.ts';
import { changeSetRoutes as routes } from '../../api/routes/change-sets.ts';
import { proposing as useCases } from '../../core/system/index.ts';
import { apiHandler } from '../_middleware/api-handler.ts';
import { entryPointMetrics } from '../_middleware/entry-point-metrics.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env as schema } from './env.ts';

const telemetry = telemetryOf('change-sets');
const env = readEnv(schema, telemetry.logger);
const onError = (error: unknown): void => telemetry.logger.warn('not handed on', { error });

export const handler = apiHandler({
  ...{ telemetry, routes, env },
  open: () =>
    openAwsSystem({
      ...{ config, env, useCases },
      hooks: { onError, ...entryPointMetrics() },
      rootSigner: openRootKey(env),
      ports: (base) => ({
        bus: createRelayBus(env, base),
        onChangeStep: createWorkflowResumer(env, base),
        executors: createExecutors(process.env, env.EXECUTOR_FUNCTIONS),
      }),
    }),
});
