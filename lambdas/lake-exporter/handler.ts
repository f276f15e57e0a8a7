/**
 * The lake exporter: wires the published log to the lake's bucket. Run by a schedule; whoever may invoke it exports at once. Throws on
 * failure, and nothing is lost by that: the next run writes what is missing.
 */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { openLakePorts } from '../../adapters/aws/wiring/lake-ports.ts';
import { scheduledHandler } from '../_middleware/handlers.ts';
import { once } from '../_middleware/once.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env as schema } from './env.ts';
import { exportInTime } from './export-in-time.ts';

const telemetry = telemetryOf('lake-exporter');
const { logger, metrics } = telemetry;
const env = readEnv(schema, logger);
const opened = once(() => openLakePorts(env));

export const handler = scheduledHandler(telemetry, async (_event: unknown, context) => {
  const run = await exportInTime(
    { ...(await opened()), region: env.LAKE_REGION, accountId: env.LAKE_ACCOUNT },
    { remainingMs: () => context.getRemainingTimeInMillis() },
  );
  metrics.addMetric('LakeBehind', MetricUnit.Count, run.behind);
  // That it is heard again and again is what tells that the lake keeps up.
  if (run.behind === 0) metrics.addMetric('LakeCaughtUp', MetricUnit.Count, 1);
  if (run.ranges > 0) logger.info('exported', { ...run });
  return run;
});
