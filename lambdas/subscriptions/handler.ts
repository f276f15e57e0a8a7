/** /v1/subscriptions: made and removed through the reconciler, pulled from, acknowledged, dead letters, redrive. And the map of who publishes what. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { config } from '#config';
import { invokeReconciler } from '../../adapters/aws/subscriptions/invoke-reconciler.ts';
import { invokeFunction } from '../../adapters/aws/request/invoke-function.ts';
import { openAwsSystem } from '../../adapters/aws/wiring/open-system.ts';
import { openRootKey } from '../../adapters/aws/wiring/root-key.ts';
import { createSubscriptionBus } from '../../adapters/aws/wiring/subscription-bus.ts';
import { systemClock as clock, systemIds as ids } from '../../adapters/aws/request/system-clock.ts';
import { subscriptionGroup as routes } from '../../api/groups/subscriptions.ts';
import type { BreakerChange } from '../../core/events/index.ts';
import { mapping, subscribing } from '../../core/system/index.ts';
import { apiHandler } from '../_middleware/api-handler.ts';
import { entryPointMetrics } from '../_middleware/entry-point-metrics.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env as schema } from './env.ts';

const telemetry = telemetryOf('subscriptions');
const env = readEnv(schema, telemetry.logger);
const useCases = { ...subscribing, ...mapping };
const onError = (error: unknown): void => telemetry.logger.warn('not delivered', { error });
const reconcile = invokeReconciler({
  invoke: invokeFunction(process.env),
  functionName: env.RECONCILER_FUNCTION,
  clock,
  ids,
});

const onBreaker = (change: BreakerChange): void => {
  telemetry.logger.warn('a breaker moved', { change });
  if (change.to === 'open') telemetry.metrics.addMetric('BreakersOpened', MetricUnit.Count, 1);
};
const onForged = (subscription: string, reason: string): void => {
  telemetry.logger.error('a message was forged', { subscription, reason });
  telemetry.metrics.addMetric('ForgedDeliveries', MetricUnit.Count, 1);
};

export const handler = apiHandler({
  ...{ telemetry, routes, env },
  open: () =>
    openAwsSystem({
      ...{ config, env, useCases },
      hooks: { onError, ...entryPointMetrics() },
      rootSigner: openRootKey(env),
      ports: (base) => ({ bus: createSubscriptionBus(env, base, { reconcile, onBreaker, onForged }) }),
    }),
});
