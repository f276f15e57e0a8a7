/**
 * POST /v1/events and claims of work: records events and hands them to EventBridge. A schedule invokes it, too, and has the end of claims
 * recorded that nobody renewed: here, because what that takes is what this function has.
 */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { config } from '#config';
import { openAwsSystem } from '../../adapters/aws/wiring/open-system.ts';
import { createFieldKeys } from '../../adapters/aws/wiring/field-keys.ts';
import { createRelayBus } from '../../adapters/aws/wiring/relay-bus.ts';
import { openRootKey } from '../../adapters/aws/wiring/root-key.ts';
import { createSharedCounts } from '../../adapters/aws/wiring/shared-counts.ts';
import { publishGroup as routes } from '../../api/groups/publish.ts';
import { claiming, publishing } from '../../core/system/index.ts';
import { apiHandler, isOfApi } from '../_middleware/api-handler.ts';
import { entryPointMetrics } from '../_middleware/entry-point-metrics.ts';
import { guardMetrics } from '../_middleware/guard-metrics.ts';
import { scheduledHandler } from '../_middleware/handlers.ts';
import { once } from '../_middleware/once.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env as schema } from './env.ts';
import { releaseOverdue, type Released } from './release-overdue.ts';

const telemetry = telemetryOf('publish');
const env = readEnv(schema, telemetry.logger);
const useCases = { ...publishing, ...claiming };
const onError = (error: unknown): void => telemetry.logger.warn('not relayed', { error });

const open = once(() =>
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
const serveApi = apiHandler({ telemetry, routes, env, open });
const serveSchedule = scheduledHandler(telemetry, async () => releaseOverdue(await open(), telemetry));

export function handler(
  event: APIGatewayProxyEventV2 | object,
  context: Context,
): Promise<APIGatewayProxyStructuredResultV2 | Released> {
  return isOfApi(event) ? serveApi(event, context) : serveSchedule(event, context);
}
