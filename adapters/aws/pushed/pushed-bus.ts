/**
 * The receiving side of the bus where some subscriptions are pulled and others are sent to: those go to their queues, these to a
 * function or by HTTP, by the state that a run keeps. What people ask of these is left for the run, which is woken.
 */
import {
  EventError,
  isPushed,
  isWebhook,
  type DeadLetter,
  type Extended,
  type PushedSubscription,
  type ReceivedMessage,
  type Subscription,
  type SubscriptionBus,
  type WebhookAllowance,
} from '../../../core/events/index.ts';
import type { Problem } from '../../../core/errors/index.ts';
import type { SubscriptionDirectory } from '../bus/directory.ts';
import type { PullOptions } from '../subscriptions/pull.ts';
import type { SubscriptionQueues } from '../subscriptions/subscription-queues.ts';
import type { DeadLetterStore } from '../subscriptions/dead-letters.ts';
import { askToReset, attachPushed, type AttachDependencies } from './attach-pushed.ts';
import { functionRefusal } from './function-refusal.ts';
import { webhookRefusal } from './webhook-refusal.ts';

/** Dead letters that one request takes: each is deleted in its transaction. */
const REDRIVEN_TOGETHER = 50;

export interface PushedBusOptions extends AttachDependencies {
  readonly queues: SubscriptionQueues;
  readonly directory: Pick<SubscriptionDirectory, 'get'>;
  readonly letters: Pick<DeadLetterStore, 'erase' | 'take'>;
  /** that are deployed */
  readonly functionNames: readonly string[];
  /** where webhooks may go */
  readonly allowed: ReadonlySet<WebhookAllowance>;
}

export class PushedBus implements SubscriptionBus {
  readonly idleSeconds: number;
  private readonly options: PushedBusOptions;
  private readonly queues: SubscriptionQueues;

  constructor(options: PushedBusOptions) {
    this.options = options;
    this.queues = options.queues;
    this.idleSeconds = options.queues.idleSeconds;
  }

  refusal(subscription: Subscription, before?: Subscription): Problem | undefined {
    if (!isPushed(subscription)) return this.queues.refusal(subscription, before);
    if (isWebhook(subscription)) return webhookRefusal(subscription, this.options.allowed);
    return functionRefusal(subscription, this.options.functionNames);
  }

  async attach(subscription: Subscription): Promise<void> {
    await (isPushed(subscription) ? attachPushed(this.options, subscription) : this.queues.attach(subscription));
  }

  /** Each run reads the settings again and again; only the index of topics has to follow. */
  async change(subscription: Subscription): Promise<void> {
    if (!isPushed(subscription)) return this.queues.change(subscription);
    await this.options.items.begin(subscription);
    if (subscription.status === 'active') await this.options.wake([subscription.id]);
  }

  /** The stored status is what counts: a run sees it within a second. */
  async pause(id: string): Promise<void> {
    if ((await this.pushed(id)) === undefined) await this.queues.pause(id);
  }

  async detach(id: string): Promise<void> {
    const subscription = await this.pushed(id);
    if (subscription === undefined) {
      await this.queues.detach(id);
      return;
    }
    await this.options.items.forget(subscription);
    await this.options.letters.erase(id);
  }

  receive(id: string, options: PullOptions): Promise<readonly ReceivedMessage[]> {
    return this.queues.receive(id, options);
  }

  ack(id: string, receipts: readonly string[]): ReturnType<SubscriptionBus['ack']> {
    return this.queues.ack(id, receipts);
  }

  extend(id: string, receipts: readonly string[]): Promise<Extended> {
    return this.queues.extend(id, receipts);
  }

  nack(...refused: Parameters<SubscriptionBus['nack']>): ReturnType<SubscriptionBus['nack']> {
    return this.queues.nack(...refused);
  }

  deadLetters(id: string, options: Parameters<SubscriptionBus['deadLetters']>[1]): Promise<readonly DeadLetter[]> {
    return this.queues.deadLetters(id, options);
  }

  /** A letter is removed in the transaction that asks for its delivery: it is either dead or due, never neither. */
  async redrive(id: string, positions?: readonly number[]): Promise<number> {
    const { letters, items, ids, wake } = this.options;
    const subscription = await this.pushed(id);
    if (subscription === undefined) return this.queues.redrive(id, positions);
    if (subscription.status !== 'active')
      throw new EventError({
        code: 'SUBSCRIPTION_INVALID',
        message: `subscription "${id}" is paused: resume it, then redrive`,
      });
    const redriven = await letters.take(id, { positions, together: REDRIVEN_TOGETHER }, (events, more) =>
      items.request(subscription, { newId: ids.next(), request: { kind: 'redrive', events }, more }),
    );
    if (redriven > 0) await wake([id]);
    return redriven;
  }

  async reset(id: string): Promise<void> {
    const subscription = await this.pushed(id);
    if (subscription === undefined) await this.queues.reset(id);
    else await askToReset(this.options, subscription);
  }

  private async pushed(id: string): Promise<PushedSubscription | undefined> {
    const subscription = await this.options.directory.get(id);
    return subscription !== undefined && isPushed(subscription) ? subscription : undefined;
  }
}
