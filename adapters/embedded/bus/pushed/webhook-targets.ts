/** Subscriptions that the engine sends by HTTP: which of them it takes, their queues, and what their owners do with them. */
import {
  checkWebhookUrl,
  EventError,
  type WebhookAttempt,
  type WebhookBus,
  type WebhookChange,
  type WebhookSubscription,
} from '../../../../core/events/index.ts';
import type { Problem } from '../../../../core/errors/index.ts';
import type { Clock, Ids, ItemStore } from '../../../../core/ledger/index.ts';
import { AttemptLog } from './attempt-log.ts';
import { PushPool } from './push-pool.ts';
import type { PushedQueueOptions } from './options.ts';
import { PushedQueue } from './queue.ts';
import { WebhookDelivery, type WebhookSending } from '../../../machine/webhook-delivery.ts';

export interface WebhookTargetsOptions {
  readonly ledger: string;
  readonly items: ItemStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly onError: (error: unknown) => void;
  /** absent: webhooks are refused */
  readonly webhooks?: WebhookSending;
  /** Told what the owner of a webhook must know. Must not throw. */
  readonly onWebhook?: (change: WebhookChange) => void;
}

/** What all queues of a bus have in common. */
type Common = Omit<PushedQueueOptions, 'subscription' | 'items' | 'pool' | 'deliver' | 'onWebhook' | 'onError'>;

export class WebhookTargets {
  /** undefined: this engine sends no webhooks */
  readonly bus: WebhookBus | undefined;
  private readonly options: WebhookTargetsOptions;
  private readonly queueOf: (id: string) => unknown;
  private readonly delivery: WebhookDelivery | undefined;
  private readonly pool = new PushPool();

  /** @param queueOf the queue of an attached subscription */
  constructor(options: WebhookTargetsOptions, queueOf: (id: string) => unknown) {
    this.options = options;
    this.queueOf = queueOf;
    const { webhooks } = options;
    this.delivery = webhooks === undefined ? undefined : new WebhookDelivery({ ...options, ...webhooks });
    this.bus = this.delivery === undefined ? undefined : this.busOf(this.delivery);
  }

  /** Why a webhook cannot be delivered to; undefined: it can, as far as its URL tells. */
  refusal({ target }: WebhookSubscription): Problem | undefined {
    const { webhooks } = this.options;
    if (webhooks === undefined) return { pointer: '/target', detail: 'this engine sends no webhooks: pull the events' };
    const checked = checkWebhookUrl(target.url, webhooks.allowed);
    return checked.kind === 'refused' ? { pointer: '/target/url', detail: checked.reason } : undefined;
  }

  /** Undefined: this engine sends none; it is reported, and the events wait. */
  queueFor(subscription: WebhookSubscription, common: Common): PushedQueue | undefined {
    const { delivery, pool } = this;
    const { items, onError, onWebhook = ignore } = this.options;
    if (delivery === undefined) {
      onError(new Error(`the events of subscription "${subscription.id}" wait: this engine sends no webhooks`));
      return undefined;
    }
    return new PushedQueue({
      ...{ ...common, subscription, items, pool, onWebhook, onError },
      deliver: (event, attempt, signal) => delivery.deliver(subscription, { event, attempt, signal }),
    });
  }

  private busOf(delivery: WebhookDelivery): WebhookBus {
    const noted = async (id: string, attempt: WebhookAttempt): Promise<WebhookAttempt> => {
      const queue = this.queueOf(id);
      if (queue instanceof PushedQueue) await queue.note(attempt);
      return attempt;
    };
    return {
      challenge: async (subscription) => noted(subscription.id, await delivery.challenge(subscription)),
      test: async (subscription) => noted(subscription.id, await delivery.test(subscription)),
      attempts: async (id, limit) => {
        const queue = this.queueOf(id);
        if (queue instanceof PushedQueue) return queue.newestAttempts(limit);
        const kept = new AttemptLog(this.options.items, this.options.ledger, id); // paused
        await kept.load();
        return kept.newest(limit);
      },
      resend: (id, position) => this.attached(id).resend(position),
      recover: (id, position) => this.attached(id).recover(position),
    };
  }

  private attached(id: string): PushedQueue {
    const queue = this.queueOf(id);
    if (queue instanceof PushedQueue) return queue;
    throw new EventError({ code: 'SUBSCRIPTION_INVALID', message: `"${id}" is paused: resume it first` });
  }
}

function ignore(): void {}
