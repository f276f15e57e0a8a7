/** What a function that neither records nor delivers knows of the bus: it reports on subscriptions, and refuses all else. */
import type { EventBus } from '../../../core/events/index.ts';
import { DynamoDeliveryNotes } from '../bus/delivery-notes.ts';
import { DynamoLogPositions } from '../bus/log-positions.ts';
import { SubscriptionReports } from '../subscriptions/subscription-reports.ts';
import { sqsClient } from './clients.ts';
import type { AwsBase, Flushable } from './open-system.ts';
import { systemClock as clock } from '../request/system-clock.ts';

export function reportingBus({
  SUBSCRIPTION_PREFIX: subscriptionPrefix,
}: {
  readonly SUBSCRIPTION_PREFIX: string;
}): (base: AwsBase) => EventBus & Flushable {
  return ({ client, stateTable, store, config: { ledger } }) => {
    const reports = new SubscriptionReports({
      ...{ ledger, entries: store, items: store, clock, queues: sqsClient(), subscriptionPrefix },
      positions: new DynamoLogPositions({ client, stateTable, ledger }),
      notes: new DynamoDeliveryNotes({ client, stateTable, ledger }),
    });
    return {
      trace: (event) => reports.trace(event),
      stats: () => reports.stats(),
      flush: async () => {},
      relay: reportsOnly,
      ...{ attach: refused, pause: refused, detach: refused, receive: refused, ack: refused, nack: refused },
      ...{ deadLetters: refused, redrive: refused, reset: refused },
    };
  };
}

function reportsOnly(): never {
  throw new Error('this function reports on subscriptions; it records nothing and delivers nothing');
}

async function refused(): Promise<never> {
  return reportsOnly();
}
