/** Events with their deliveries, the feed, entities with their chains verified, the published log, quarantine. Writes nothing. */
import { config } from '#config';
import { openAwsSystem } from '../../adapters/aws/wiring/open-system.ts';
import { logFiles } from '../../adapters/aws/wiring/log-files.ts';
import { rootKey } from '../../adapters/aws/wiring/root-key.ts';
import { reportingBus } from '../../adapters/aws/wiring/reporting-bus.ts';
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
const parts = { useCases, rootSigner: rootKey(env), bus: reportingBus(env), logFiles: logFiles(env) };

export const handler = apiHandler({
  ...{ telemetry, routes, env },
  open: () => openAwsSystem({ config, env, hooks: { onError, ...entryPointMetrics() }, parts }),
});
