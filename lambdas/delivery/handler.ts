/** The delivery function: wires wake-ups to the log, the functions and receivers that events are sent to, and the state of each subscription. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import { config } from '#config';
import { DynamoDeliveryNotes } from '../../adapters/aws/bus/delivery-notes.ts';
import { SubscriptionDirectory } from '../../adapters/aws/bus/directory.ts';
import { DynamoLogPositions } from '../../adapters/aws/bus/log-positions.ts';
import { AttemptLog } from '../../adapters/aws/pushed/attempt-log.ts';
import { createCallFunction } from '../../adapters/aws/pushed/call-function.ts';
import { MAX_ACK_TIMEOUT_MS } from '../../adapters/aws/pushed/function-refusal.ts';
import { PushedItems } from '../../adapters/aws/pushed/pushed-items.ts';
import { createSendEvent } from '../../adapters/aws/pushed/send-event.ts';
import { serveSubscription, type ServeDependencies } from '../../adapters/aws/pushed/serve-subscription.ts';
import { isServed } from '../../adapters/aws/pushed/sweep-pushed.ts';
import { subscriptionIn, wakeThrough } from '../../adapters/aws/pushed/wake-up.ts';
import { invokeFunction } from '../../adapters/aws/request/invoke-function.ts';
import { systemClock as clock, systemIds as ids } from '../../adapters/aws/request/system-clock.ts';
import { DeadLetterStore } from '../../adapters/aws/subscriptions/dead-letters.ts';
import { sqsClient } from '../../adapters/aws/wiring/clients.ts';
import { openAwsSystem } from '../../adapters/aws/wiring/open-system.ts';
import { createRelayBus } from '../../adapters/aws/wiring/relay-bus.ts';
import { openRootKey } from '../../adapters/aws/wiring/root-key.ts';
import { createWebhookDelivery } from '../../adapters/aws/wiring/webhooks.ts';
import { createQuarantine, hasRights, isPushed } from '../../core/events/index.ts';
import { createMayRead, createReadFacts, delivering as useCases } from '../../core/system/index.ts';
import { asError, queueHandler } from '../_middleware/handlers.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env } from './env.ts';

/** For writing down what is on its way when time is up. */
const RESERVE_MS = 15_000;

const nothing = (): Promise<void> => Promise.resolve();
const telemetry = telemetryOf('delivery');
const { logger, metrics } = telemetry;
const variables = readEnv(env, logger);
const { system, base, refreshPolicy, flush } = await openAwsSystem({
  ...{ config, env: variables, useCases },
  hooks: { onError: (error) => logger.error('left to others', asError(error)) },
  rootSigner: openRootKey(variables),
  // A run sees the status of a subscription within a second: there is nothing to attach or to pause.
  ports: (from) => ({ bus: { ...createRelayBus(variables, from), attach: nothing, pause: nothing } }),
});
const { ledger } = config;
const { client, stateTable, store, policy } = base;
const common = { ledger, items: store, entries: store, clock };
const directory = new SubscriptionDirectory(common);

const deps: ServeDependencies = {
  ...{ ...common, items: new PushedItems(common), ids },
  letters: new DeadLetterStore({ ...common, positions: new DynamoLogPositions({ client, stateTable, ledger }) }),
  notes: new DynamoDeliveryNotes({ client, stateTable, ledger }),
  quarantine: createQuarantine(common),
  wake: wakeThrough(sqsClient(), variables.DELIVERY_QUEUE_URL),
  attempts: new AttemptLog(common),
  send: createSendEvent(
    createCallFunction({
      invoke: invokeFunction(process.env, fetch, MAX_ACK_TIMEOUT_MS),
      functions: variables.FUNCTIONS,
      random: () => ids.random(),
    }),
    createWebhookDelivery(variables, base),
  ),
  served: async (id) => {
    await refreshPolicy();
    const subscription = await directory.get(id);
    if (subscription === undefined || !isPushed(subscription) || !isServed(subscription)) return undefined;
    return hasRights(policy, subscription) ? subscription : undefined;
  },
  mayRead: createMayRead(policy),
  readFacts: createReadFacts({ ledger, items: store, policy }),
  onSettled: ({ subscription, outcome, isDead, reason }) => {
    if (outcome === 'delivered') metrics.addMetric('EventsPushed', MetricUnit.Count, 1);
    if (outcome === 'withdrawn') metrics.addMetric('PushesPutOff', MetricUnit.Count, 1);
    if (outcome !== 'failed') return;
    logger.warn(isDead ? 'a dead letter' : 'not delivered', { subscription, reason });
    metrics.addMetric('PushesFailed', MetricUnit.Count, 1);
    if (isDead) metrics.addMetric('PushedDeadLetters', MetricUnit.Count, 1);
  },
  onWebhook: async (change) => {
    logger.warn('a webhook fails', { change });
    await system.recordWebhookChange(change);
    if (change.kind === 'gone' || change.percent >= 100) metrics.addMetric('WebhooksDisabled', MetricUnit.Count, 1);
  },
  onBreaker: (change) => {
    logger.warn('a breaker moved', { change });
    if (change.to === 'open') metrics.addMetric('BreakersOpened', MetricUnit.Count, 1);
  },
  onLost: (error) => logger.warn('another run took over', error),
};

export const handler = queueHandler(telemetry, async ({ body }, context: Context) => {
  const endsAt = clock.now() + context.getRemainingTimeInMillis() - RESERVE_MS;
  try {
    await serveSubscription(deps, subscriptionIn(body), endsAt);
  } finally {
    await flush(); // what was recorded is on its way before the process may be frozen
  }
});
