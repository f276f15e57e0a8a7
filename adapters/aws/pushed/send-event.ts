/** Hands one event to whoever a subscription sends to: a function, or a receiver of webhooks. */
import {
  isWebhook,
  type FunctionSubscription,
  type PushedSubscription,
  type WebhookSubscription,
} from '../../../core/events/index.ts';
import type { Delivered, WebhookDelivery } from '../../machine/webhook-delivery.ts';
import type { CallFunction, FunctionCall } from './call-function.ts';

/** Of what follows the lookup of a name to the end of an answer, with room for signing. */
const WEBHOOK_MS = 20_000;

/** How it went; of a webhook also what its log of attempts keeps. */
export type Sent = Pick<Delivered, 'outcome'> & Partial<Omit<Delivered, 'outcome'>>;

export type SendEvent = (
  subscription: PushedSubscription,
  call: Omit<FunctionCall, 'subscription'>,
  /** nobody wants the outcome any more */
  stopped: AbortSignal,
) => Promise<Sent>;

export function createSendEvent(call: CallFunction, webhooks: Pick<WebhookDelivery, 'deliver'>): SendEvent {
  return async (subscription, told, stopped) => {
    if (!isWebhook(subscription)) return { outcome: await call(subscription, told, stopped) };
    const { event, attempt } = told;
    return webhooks.deliver(subscription, { event, attempt, signal: stopped });
  };
}

/** A delivery takes no longer. */
export function longestMs(subscription: FunctionSubscription | WebhookSubscription): number {
  return isWebhook(subscription) ? WEBHOOK_MS : subscription.ackTimeoutMs;
}
