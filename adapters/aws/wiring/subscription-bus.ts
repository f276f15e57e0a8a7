/** The queues of subscriptions as a part of a function that records nothing, so that it has nothing to relay. */
import type { EventBus, MayRead, ReadFacts } from '../../../core/events/index.ts';
import { createMayRead } from '../../../core/system/index.ts';
import { DynamoDeliveryNotes } from '../bus/delivery-notes.ts';
import { DynamoLogPositions } from '../bus/log-positions.ts';
import { SubscriptionQueues, type SubscriptionQueuesOptions } from '../subscriptions/subscription-queues.ts';
import { sqsClient } from './clients.ts';
import type { AwsBase, Flushable } from './open-system.ts';
import { systemClock, systemIds } from '../request/system-clock.ts';

export interface Delivering extends Pick<SubscriptionQueuesOptions, 'reconcile' | 'onBreaker' | 'onForged'> {
  readonly readFacts: (base: AwsBase) => ReadFacts;
}

export function subscriptionBus(
  { SUBSCRIPTION_PREFIX: subscriptionPrefix }: { readonly SUBSCRIPTION_PREFIX: string },
  delivering: Delivering,
): (base: AwsBase) => EventBus & Flushable {
  return (base) => {
    const { client, stateTable, store } = base;
    const { ledger } = base.config;
    const queues = new SubscriptionQueues({
      ...{ ledger, entries: store, recorded: store.withoutIndex, items: store, clock: systemClock, ids: systemIds },
      ...{ queues: sqsClient(), subscriptionPrefix },
      positions: new DynamoLogPositions({ client, stateTable, ledger }),
      notes: new DynamoDeliveryNotes({ client, stateTable, ledger }),
      ...delivering,
      readFacts: delivering.readFacts(base),
      mayRead: (...asked: Parameters<MayRead>) => createMayRead(base.policy())(...asked),
    });
    return Object.assign(queues, { relay: recordsNothing, flush: async () => {} });
  };
}

function recordsNothing(): never {
  throw new Error('this function records nothing: one that does needs the part "relayBus"');
}
