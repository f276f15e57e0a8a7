/** How subscriptions are served, for a function that records nothing, so that it has nothing to relay. */
import type { SubscriptionBus } from '../../../core/events/index.ts';
import { createMayRead, createReadFacts } from '../../../core/system/index.ts';
import { DynamoDeliveryNotes } from '../bus/delivery-notes.ts';
import { SubscriptionDirectory } from '../bus/directory.ts';
import { DynamoLogPositions } from '../bus/log-positions.ts';
import { PushedBus } from '../pushed/pushed-bus.ts';
import { PushedItems } from '../pushed/pushed-items.ts';
import { wakeThrough } from '../pushed/wake-up.ts';
import { allowedInFunction } from '../pushed/webhook-refusal.ts';
import { DeadLetterStore } from '../subscriptions/dead-letters.ts';
import { SubscriptionQueues, type SubscriptionQueuesOptions } from '../subscriptions/subscription-queues.ts';
import { sqsClient } from './clients.ts';
import type { AwsBase } from './open-system.ts';
import { systemClock, systemIds } from '../request/system-clock.ts';

type Delivering = Pick<SubscriptionQueuesOptions, 'reconcile' | 'onBreaker' | 'onForged'>;

interface BusEnvironment {
  readonly SUBSCRIPTION_PREFIX: string;
  readonly DELIVERY_QUEUE_URL: string;
  readonly FUNCTION_NAMES: string;
}

export function createSubscriptionBus(
  env: BusEnvironment,
  { client, stateTable, store, policy, config: { ledger, webhooks } }: AwsBase,
  delivering: Delivering,
): SubscriptionBus {
  const common = { ledger, entries: store, items: store, clock: systemClock, ids: systemIds };
  const positions = new DynamoLogPositions({ client, stateTable, ledger });
  const sqs = sqsClient();
  const queues = new SubscriptionQueues({
    ...{ ...common, positions, recorded: store.withoutIndex },
    ...{ queues: sqs, subscriptionPrefix: env.SUBSCRIPTION_PREFIX },
    notes: new DynamoDeliveryNotes({ client, stateTable, ledger }),
    ...delivering,
    readFacts: createReadFacts({ ledger, items: store, policy }),
    mayRead: createMayRead(policy),
  });
  return new PushedBus({
    ...{ queues, ids: systemIds },
    directory: new SubscriptionDirectory(common),
    letters: new DeadLetterStore({ ...common, positions }),
    items: new PushedItems(common),
    wake: wakeThrough(sqs, env.DELIVERY_QUEUE_URL),
    allowed: allowedInFunction(webhooks.allow, process.env),
    functionNames: env.FUNCTION_NAMES.split(' ').filter(Boolean),
  });
}
