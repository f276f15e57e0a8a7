/** What owners of webhooks do with them beside subscribing. What concerns deliveries is left for the run, which is woken. */
import {
  EventError,
  isWebhook,
  MAX_PENDING,
  readEvent,
  type WebhookAttempt,
  type WebhookBus,
  type WebhookSubscription,
} from '../../../core/events/index.ts';
import type { EntryStore } from '../../../core/ledger/index.ts';
import type { WebhookDelivery } from '../../machine/webhook-delivery.ts';
import { wantedBy, type SubscriptionDirectory } from '../bus/directory.ts';
import type { AttachDependencies } from './attach-pushed.ts';
import type { AttemptLog } from './attempt-log.ts';
import type { Request } from './pushed-items.ts';

export interface WebhookBusOptions extends AttachDependencies {
  readonly ledger: string;
  readonly directory: Pick<SubscriptionDirectory, 'get'>;
  readonly entries: Pick<EntryStore, 'readLog'>;
  readonly attempts: Pick<AttemptLog, 'addOwn' | 'newest'>;
  readonly delivery: Pick<WebhookDelivery, 'challenge' | 'test'>;
}

export function createWebhookBus(options: WebhookBusOptions): WebhookBus {
  const { attempts, delivery } = options;
  const noted = async (subscription: WebhookSubscription, attempt: WebhookAttempt): Promise<WebhookAttempt> => {
    await attempts.addOwn(subscription, attempt);
    return attempt;
  };
  return {
    challenge: async (subscription) => noted(subscription, await delivery.challenge(subscription)),
    test: async (subscription) => noted(subscription, await delivery.test(subscription)),
    attempts: async (id, limit) => attempts.newest(await webhook(options, id), limit),
    resend: async (id, position) => {
      const subscription = await active(options, id);
      const entity = await entityAt(options, subscription, position);
      if (entity === undefined || (await isFull(options, subscription))) return false;
      await ask(options, subscription, { kind: 'resend', position, entity });
      return true;
    },
    recover: async (id, from) => ask(options, await active(options, id), { kind: 'recover', from }),
  };
}

async function ask(
  { items, ids, wake }: WebhookBusOptions,
  subscription: WebhookSubscription,
  request: Request,
): Promise<void> {
  await items.request(subscription, { newId: ids.next(), request, more: [] });
  await wake([subscription.id]);
}

async function webhook({ directory }: WebhookBusOptions, id: string): Promise<WebhookSubscription> {
  const subscription = await directory.get(id);
  if (subscription !== undefined && isWebhook(subscription)) return subscription;
  throw new EventError({ code: 'SUBSCRIPTION_NOT_FOUND', message: `no webhook "${id}"` }); // removed just now
}

async function active(options: WebhookBusOptions, id: string): Promise<WebhookSubscription> {
  const subscription = await webhook(options, id);
  if (subscription.status === 'active') return subscription;
  throw new EventError({ code: 'SUBSCRIPTION_INVALID', message: `"${id}" is paused: resume it first` });
}

/** Of the event there, if the webhook is for it. */
async function entityAt(
  { ledger, entries }: WebhookBusOptions,
  subscription: WebhookSubscription,
  position: number,
): Promise<string | undefined> {
  const [entry] = await entries.readLog(position, 1);
  const read = entry?.position === position ? readEvent(entry) : undefined;
  if (read === undefined || 'reason' in read) return undefined;
  return wantedBy(ledger, subscription)(read.event) ? read.event.entityId : undefined;
}

async function isFull({ items }: WebhookBusOptions, subscription: WebhookSubscription): Promise<boolean> {
  const kept = await items.load(subscription);
  const waiting = kept?.state.pending.flatMap(({ behind = [] }) => [0, ...behind]) ?? [];
  return waiting.length >= MAX_PENDING;
}
