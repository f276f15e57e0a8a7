/** /v1/webhooks: keys and secrets, whether receivers want them, tests, attempts, and what is sent again. */
import { config } from '#config';
import { createFieldKeys } from '../../adapters/aws/wiring/field-keys.ts';
import { openAwsSystem } from '../../adapters/aws/wiring/open-system.ts';
import { openRootKey } from '../../adapters/aws/wiring/root-key.ts';
import { createWebhooksBus } from '../../adapters/aws/wiring/webhooks-bus.ts';
import { webhookRoutes as routes } from '../../api/routes/webhooks.ts';
import { webhooking as useCases } from '../../core/system/index.ts';
import { apiHandler } from '../_middleware/api-handler.ts';
import { entryPointMetrics } from '../_middleware/entry-point-metrics.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env as schema } from './env.ts';

const telemetry = telemetryOf('webhooks');
const env = readEnv(schema, telemetry.logger);
const onError = (error: unknown): void => telemetry.logger.warn('not relayed', { error });

export const handler = apiHandler({
  ...{ telemetry, routes, env },
  open: () =>
    openAwsSystem({
      ...{ config, env, useCases },
      hooks: { onError, ...entryPointMetrics() },
      rootSigner: openRootKey(env),
      ports: (base) => ({ bus: createWebhooksBus(env, base), fieldKeys: createFieldKeys(env) }),
    }),
});
