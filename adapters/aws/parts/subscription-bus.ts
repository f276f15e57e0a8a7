/** The queues of subscriptions as a part of a function that records nothing, so that it has nothing to relay. */
import type { EventBus } from '../../../core/events/index.ts';
import { DynamoLogPositions } from '../bus/log-positions.ts';
import { SubscriptionQueues, type SubscriptionQueuesOptions } from '../bus/subscription-queues.ts';
import { sqsClient } from '../clients.ts';
import type { AwsBase, Settling } from '../open-system.ts';
import { systemClock, systemIds } from '../system-world.ts';

/** @param reconcile for functions that make or remove no subscription: what rejects */
export function subscriptionBus(
  { SUBSCRIPTION_PREFIX: subscriptionPrefix }: { readonly SUBSCRIPTION_PREFIX: string },
  reconcile: SubscriptionQueuesOptions['reconcile'],
): (base: AwsBase) => EventBus & Settling {
  return ({ config: { ledger }, client, store, stateTable }) => {
    const queues = new SubscriptionQueues({
      ...{ ledger, entries: store, items: store, clock: systemClock, ids: systemIds, reconcile },
      ...{ queues: sqsClient(), subscriptionPrefix },
      positions: new DynamoLogPositions({ client, stateTable, ledger }),
    });
    return Object.assign(queues, { relay: recordsNothing, settle: async () => {} });
  };
}

function recordsNothing(): never {
  throw new Error('this function records nothing: one that does needs the part "relayBus"');
}
