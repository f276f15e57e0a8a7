/** Events with their deliveries, the feed, entities with their chains verified, the published log, quarantine. Writes who read what, and nothing else. */
import { config } from '#config';
import { openAwsSystem } from '../../adapters/aws/wiring/open-system.ts';
import { createLogFiles } from '../../adapters/aws/wiring/log-files.ts';
import { openRootKey } from '../../adapters/aws/wiring/root-key.ts';
import { createReportingBus } from '../../adapters/aws/wiring/reporting-bus.ts';
import { readGroup as routes } from '../../api/groups/read.ts';
import { reading as useCases } from '../../core/system/index.ts';
import { apiHandler } from '../_middleware/api-handler.ts';
import { entryPointMetrics } from '../_middleware/entry-point-metrics.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env as schema } from './env.ts';

const telemetry = telemetryOf('read');
const env = readEnv(schema, telemetry.logger);
const onError = (error: unknown): void => telemetry.logger.warn('not read', { error });

export const handler = apiHandler({
  ...{ telemetry, routes, env },
  open: () =>
    openAwsSystem({
      ...{ config, env, useCases },
      hooks: { onError, ...entryPointMetrics() },
      rootSigner: openRootKey(env),
      ports: (base) => ({
        // What it records are no events, so nothing is handed on.
        bus: Object.assign(createReportingBus(env, base), { relay: () => undefined }),
        logFiles: createLogFiles(env),
      }),
    }),
});
