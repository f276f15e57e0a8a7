/** The ingest function: events from outside, as EventBridge puts them on the ingest queue, become entries. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { config } from '#config';
import { openAwsSystem } from '../../adapters/aws/wiring/open-system.ts';
import { createFieldKeys } from '../../adapters/aws/wiring/field-keys.ts';
import { createRelayBus } from '../../adapters/aws/wiring/relay-bus.ts';
import { openRootKey } from '../../adapters/aws/wiring/root-key.ts';
import { createSharedCounts } from '../../adapters/aws/wiring/shared-counts.ts';
import { ingesting as useCases } from '../../core/system/index.ts';
import { entryPointMetrics } from '../_middleware/entry-point-metrics.ts';
import { guardMetrics } from '../_middleware/guard-metrics.ts';
import { queueHandler } from '../_middleware/handlers.ts';
import { once } from '../_middleware/once.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env as schema } from './env.ts';
import { takeEvent } from './take-event.ts';

const telemetry = telemetryOf('ingest');
const { logger, metrics } = telemetry;
const env = readEnv(schema, logger);
const onError = (error: unknown): void => logger.warn('not relayed', { error });
const opened = once(() =>
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
);

export const handler = queueHandler(telemetry, async ({ body }) => {
  const aws = await opened();
  await aws.refreshPolicy();
  const result = await takeEvent(
    { execute: aws.system.execute, ingest: aws.system.ingest, flush: () => aws.flush() },
    body,
  );
  metrics.addMetric(result.status === 'quarantined' ? 'EventsQuarantined' : 'EventsIngested', MetricUnit.Count, 1);
  logger.info('taken', { ...result });
});
