/** What a function knows of the bus that serves the routes of webhooks: it records, and asks the runs that deliver. */
import {
  isPushed,
  type EventRelay,
  type Subscription,
  type SubscriptionBus,
  type WebhookBus,
} from '../../../core/events/index.ts';
import { SubscriptionDirectory } from '../bus/directory.ts';
import { attachPushed } from '../pushed/attach-pushed.ts';
import { AttemptLog } from '../pushed/attempt-log.ts';
import { PushedItems } from '../pushed/pushed-items.ts';
import { wakeThrough } from '../pushed/wake-up.ts';
import { createWebhookBus } from '../pushed/webhook-bus.ts';
import { systemClock as clock, systemIds as ids } from '../request/system-clock.ts';
import { sqsClient } from './clients.ts';
import type { AwsBase } from './open-system.ts';
import { createRelayBus } from './relay-bus.ts';
import { createWebhookDelivery } from './webhooks.ts';

interface WebhooksEnvironment {
  readonly BUS_PREFIX: string;
  readonly DATA_KEY_ID: string;
  readonly DELIVERY_QUEUE_URL: string;
}

export function createWebhooksBus(
  env: WebhooksEnvironment,
  base: AwsBase,
): EventRelay & Pick<SubscriptionBus, 'attach' | 'pause'> & { readonly webhooks: WebhookBus } {
  const { ledger } = base.config;
  const common = { ledger, items: base.store, entries: base.store, clock, ids };
  const pushing = { items: new PushedItems(common), wake: wakeThrough(sqsClient(), env.DELIVERY_QUEUE_URL), ids };
  return {
    ...createRelayBus(env, base),
    attach: (subscription: Subscription) =>
      isPushed(subscription) ? attachPushed(pushing, subscription) : Promise.resolve(),
    pause: () => Promise.resolve(), // a run sees the status within a second
    webhooks: createWebhookBus({
      ...{ ...pushing, ledger, entries: base.store },
      directory: new SubscriptionDirectory(common),
      attempts: new AttemptLog(common),
      delivery: createWebhookDelivery(env, base),
    }),
  };
}
