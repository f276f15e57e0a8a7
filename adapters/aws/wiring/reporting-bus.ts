/** What a function that neither records nor delivers knows of the bus: it reports on subscriptions. */
import type { DeliveryReports } from '../../../core/events/index.ts';
import { DynamoDeliveryNotes } from '../bus/delivery-notes.ts';
import { DynamoLogPositions } from '../bus/log-positions.ts';
import { queueName } from '../bus/names.ts';
import { SubscriptionReports } from '../subscriptions/subscription-reports.ts';
import { queueMeasure } from './clients.ts';
import type { AwsBase } from './open-system.ts';
import { systemClock as clock } from '../request/system-clock.ts';

export function createReportingBus(
  { SUBSCRIPTION_PREFIX: subscriptionPrefix }: { readonly SUBSCRIPTION_PREFIX: string },
  { client, stateTable, store, config: { ledger } }: AwsBase,
): DeliveryReports {
  const measure = queueMeasure();
  return new SubscriptionReports({
    ...{ ledger, entries: store, items: store, clock },
    depthOf: (subscription) => measure(queueName(subscriptionPrefix, subscription)),
    positions: new DynamoLogPositions({ client, stateTable, ledger }),
    notes: new DynamoDeliveryNotes({ client, stateTable, ledger }),
  });
}
