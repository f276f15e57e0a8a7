/** Short ids of subscriptions. */
import type { Subscription, WebhookSubscription } from '../../../core/events/index.ts';
import type { Client } from '../../sdk/index.ts';
import { idAmong } from './short-id.ts';

export type Webhook = WebhookSubscription;

/** @throws UsageError */
export async function wholeSubscription(client: Pick<Client, 'subscriptions'>, text: string): Promise<string> {
  return idAmong(text, (await client.subscriptions()).map(named), 'subscriptions');
}

/** Of those that are sent by HTTP. @throws UsageError */
export async function wholeWebhook(client: Pick<Client, 'subscriptions'>, text: string): Promise<string> {
  return idAmong(text, (await client.subscriptions()).filter(isWebhook).map(named), 'webhooks');
}

export function isWebhook(subscription: Subscription): subscription is Webhook {
  return subscription.target?.kind === 'webhook';
}

function named({ id, status, topics }: Subscription): { readonly id: string; readonly about: string } {
  return { id, about: `${status}  ${topics.join(',')}` };
}
