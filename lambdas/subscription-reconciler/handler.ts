/** The subscription reconciler: wires calls and the schedule to queues, rules and the log. Safe to run at any time. */
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { config } from '#config';
import { closingMark } from '../../adapters/aws/relay/closing-mark.ts';
import { DeadLetterStore } from '../../adapters/aws/subscriptions/dead-letters.ts';
import { SubscriptionDirectory } from '../../adapters/aws/bus/directory.ts';
import { LogFeed } from '../../adapters/aws/bus/feed.ts';
import { DynamoLogPositions } from '../../adapters/aws/bus/log-positions.ts';
import { QueueUrls } from '../../adapters/aws/bus/queue-urls.ts';
import { SubscriptionResources } from '../../adapters/aws/subscriptions/subscription-resources.ts';
import { dynamoClient, eventBridgeClient, sqsClient } from '../../adapters/aws/wiring/clients.ts';
import { DynamoStore } from '../../adapters/aws/dynamo/dynamo-store.ts';
import { systemClock } from '../../adapters/aws/request/system-clock.ts';
import { PushedItems } from '../../adapters/aws/pushed/pushed-items.ts';
import { sweepPushed } from '../../adapters/aws/pushed/sweep-pushed.ts';
import { wakeThrough } from '../../adapters/aws/pushed/wake-up.ts';
import { MS_PER_SECOND } from '../../core/values/index.ts';
import { createQuarantine, topicDomains } from '../../core/events/index.ts';
import { directHandler } from '../_middleware/handlers.ts';
import { readEnv } from '../_middleware/read-env.ts';
import { telemetryOf } from '../_middleware/telemetry.ts';
import { answerStack } from './answer-stack.ts';
import { createReconcilerHandler } from './answer.ts';
import { env as schema } from './env.ts';

const telemetry = telemetryOf('subscription-reconciler');
const { logger, metrics } = telemetry;
const variables = readEnv(schema, logger);
const { ENTRIES_TABLE: entriesTable, STATE_TABLE: stateTable, SUBSCRIPTION_PREFIX: subscriptionPrefix } = variables;
const { ledger } = config;
const topics = Object.keys(config.topics);
const client = dynamoClient();
const queues = sqsClient();
const store = new DynamoStore({ client, entriesTable, stateTable, ledger });
const common = { ledger, items: store, entries: store, clock: systemClock };

const pushed = {
  ...{ items: new PushedItems({ ledger, items: store }), entries: store, clock: systemClock },
  wake: wakeThrough(queues, variables.DELIVERY_QUEUE_URL),
};

const answer = createReconcilerHandler({
  directory: new SubscriptionDirectory(common),
  resources: new SubscriptionResources({
    ...{ ledger, queues, subscriptionPrefix, events: eventBridgeClient(), busPrefix: variables.BUS_PREFIX },
    domains: topicDomains(topics),
    deadLetterQueueArn: variables.DEAD_LETTER_QUEUE_ARN,
    deadLetterFifoQueueArn: variables.DEAD_LETTER_FIFO_QUEUE_ARN,
    senderRoleArns: variables.SENDER_ROLE_ARNS.split(' '),
    undeliveredQueueArn: variables.UNDELIVERED_QUEUE_ARN,
  }),
  feed: new LogFeed({ ...common, queues, urls: new QueueUrls(queues, subscriptionPrefix) }),
  letters: new DeadLetterStore({ ...common, positions: new DynamoLogPositions({ client, stateTable, ledger }) }),
  closing: closingMark(ledger, store),
  undelivered: {
    ...{ queues, subscriptionPrefix, entries: store, undeliveredUrl: variables.UNDELIVERED_QUEUE_URL },
    quarantine: createQuarantine(common),
  },
  sweep: (subscriptions) => sweepPushed(pushed, subscriptions),
  topicsOptions: { ledger, items: store, topics },
  clock: systemClock,
  onReconciled: (request, { failed, ...counts }) => {
    logger.info('reconciled', { request, ...counts, failed: failed.length });
    if (request.kind !== 'all') return;
    metrics.addMetric('SubscriptionsFailing', MetricUnit.Count, failed.length);
    metrics.addMetric('SubscriptionsBehind', MetricUnit.Count, counts.behind);
    metrics.addMetric('DeliveriesMadeAgain', MetricUnit.Count, counts.refed);
    metrics.addMetric('PushedAgeSeconds', MetricUnit.Seconds, Math.round(counts.pushed.oldestMs / MS_PER_SECOND));
    metrics.addMetric('TopicsFailing', MetricUnit.Count, counts.topicsFailing.length);
  },
  onError: (subscription, error) => logger.error('subscription not in order', { subscription, error: error as Error }),
});

export const handler = directHandler(telemetry, async (event: unknown) => {
  const isStack = await answerStack(event, answer);
  return isStack ? undefined : answer(event);
});
