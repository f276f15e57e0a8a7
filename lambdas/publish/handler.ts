/** POST /v1/events: records events and hands them to EventBridge. */
import { config } from '#config';
import { openAwsSystem } from '../../adapters/aws/wiring/open-system.ts';
import { createFieldKeys } from '../../adapters/aws/wiring/field-keys.ts';
import { createRelayBus } from '../../adapters/aws/wiring/relay-bus.ts';
import { openRootKey } from '../../adapters/aws/wiring/root-key.ts';
import { createSharedCounts } from '../../adapters/aws/wiring/shared-counts.ts';
import { publishGroup as routes } from '../../api/groups/publish.ts';
import { claiming, publishing } from '../../core/system/index.ts';
import { apiHandler } from '../_middleware/api-handler.ts';
import { entryPointMetrics } from '../_middleware/entry-point-metrics.ts';
import { guardMetrics } from '../_middleware/guard-metrics.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env as schema } from './env.ts';

const telemetry = telemetryOf('publish');
const env = readEnv(schema, telemetry.logger);
const useCases = { ...publishing, ...claiming };
const onError = (error: unknown): void => telemetry.logger.warn('not relayed', { error });

export const handler = apiHandler({
  ...{ telemetry, routes, env },
  open: () =>
    openAwsSystem({
      ...{ config, env, useCases },
      hooks: { onError, ...entryPointMetrics(), onGuard: guardMetrics(telemetry) },
      rootSigner: openRootKey(env),
      ports: (base) => ({
        bus: createRelayBus(env, base),
        fieldKeys: createFieldKeys(env),
        sharedCounts: createSharedCounts(base),
      }),
    }),
});
