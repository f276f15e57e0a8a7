/** The router: wires the entries stream to the queues of subscriptions in entity order, and to those that are sent to. Throws on failure: see route.ts. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { config } from '#config';
import { SubscriptionDirectory } from '../../adapters/aws/bus/directory.ts';
import { LogFeed } from '../../adapters/aws/bus/feed.ts';
import { DynamoLogPositions } from '../../adapters/aws/bus/log-positions.ts';
import { QueueUrls } from '../../adapters/aws/bus/queue-urls.ts';
import { dynamoClient, sqsClient } from '../../adapters/aws/wiring/clients.ts';
import { PushedItems } from '../../adapters/aws/pushed/pushed-items.ts';
import { wakeThrough } from '../../adapters/aws/pushed/wake-up.ts';
import { DynamoStore } from '../../adapters/aws/dynamo/dynamo-store.ts';
import { systemClock } from '../../adapters/aws/request/system-clock.ts';
import { streamHandler } from '../_middleware/handlers.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { env as schema } from './env.ts';
import { createRouter } from './route.ts';

const telemetry = telemetryOf('router');
const { logger, metrics } = telemetry;
const variables = readEnv(schema, logger);
const { ENTRIES_TABLE: entriesTable, STATE_TABLE: stateTable, SUBSCRIPTION_PREFIX: subscriptionPrefix } = variables;
const { ledger } = config;
const client = dynamoClient();
const queues = sqsClient();
const store = new DynamoStore({ client, entriesTable, stateTable, ledger });
const common = { ledger, items: store, entries: store, clock: systemClock };

const route = createRouter({
  ...common,
  directory: new SubscriptionDirectory(common),
  feed: new LogFeed({ ...common, queues, urls: new QueueUrls(queues, subscriptionPrefix) }),
  positions: new DynamoLogPositions({ client, stateTable, ledger }),
  pushed: new PushedItems({ ledger, items: store }),
  wake: wakeThrough(queues, variables.DELIVERY_QUEUE_URL),
  onError: (subscription, error) => {
    logger.error('subscription not fed', { subscription, error: error as Error });
    metrics.addMetric('RoutingFailed', MetricUnit.Count, 1);
  },
});

export const handler = streamHandler(telemetry, route);
