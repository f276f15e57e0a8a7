/** The queues of subscriptions, for a function that records nothing, so that it has nothing to relay. */
import type { SubscriptionBus } from '../../../core/events/index.ts';
import { createMayRead, createReadFacts } from '../../../core/system/index.ts';
import { DynamoDeliveryNotes } from '../bus/delivery-notes.ts';
import { DynamoLogPositions } from '../bus/log-positions.ts';
import { SubscriptionQueues, type SubscriptionQueuesOptions } from '../subscriptions/subscription-queues.ts';
import { sqsClient } from './clients.ts';
import type { AwsBase } from './open-system.ts';
import { systemClock, systemIds } from '../request/system-clock.ts';

type Delivering = Pick<SubscriptionQueuesOptions, 'reconcile' | 'onBreaker' | 'onForged'>;

export function createSubscriptionBus(
  { SUBSCRIPTION_PREFIX: subscriptionPrefix }: { readonly SUBSCRIPTION_PREFIX: string },
  { client, stateTable, store, policy, config: { ledger } }: AwsBase,
  delivering: Delivering,
): SubscriptionBus {
  return new SubscriptionQueues({
    ...{ ledger, entries: store, recorded: store.withoutIndex, items: store, clock: systemClock, ids: systemIds },
    ...{ queues: sqsClient(), subscriptionPrefix },
    positions: new DynamoLogPositions({ client, stateTable, ledger }),
    notes: new DynamoDeliveryNotes({ client, stateTable, ledger }),
    ...delivering,
    readFacts: createReadFacts({ ledger, items: store, policy }),
    mayRead: createMayRead(policy),
  });
}
