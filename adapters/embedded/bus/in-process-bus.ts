/**
 * The event bus inside one process: one queue per subscription over the shared log, and an index of who wants what, so that
 * an event wakes those alone. Settled positions are written down together shortly after they change; until then a crash
 * means redelivery, never loss.
 */
import { isoOf } from '../../../core/brands/index.ts';
import {
  createQuarantine,
  createRuleIndex,
  eventBridgeShape,
  EventError,
  isWebhook,
  keepGap,
  subscriptionPattern,
  targetOf,
  type BreakerChange,
  type DeadLetter,
  type Extended,
  type DeliveredEvent,
  type DeliveryState,
  type EventBus,
  type LoggedEvent,
  type MayRead,
  type ReadFacts,
  type ReceivedMessage,
  type Subscription,
  type SubscriptionStats,
  type WebhookBus,
  type WebhookChange,
} from '../../../core/events/index.ts';
import type { Problem } from '../../../core/errors/index.ts';
import type { AppendedEntry, Clock, EntryStore, Ids, ItemStore, ItemWrite } from '../../../core/ledger/index.ts';
import { defined } from '../../../core/values/index.ts';
import { EventLog, isArrival } from './event-log.ts';
import { FunctionTargets, type Functions } from './function-targets.ts';
import { Mailbox } from './mailbox.ts';
import { PushedQueue } from './pushed/queue.ts';
import { SubscriptionQueue, type ReceiveOptions } from './subscription-queue.ts';
import type { WebhookSending } from '../../machine/webhook-delivery.ts';
import { WebhookTargets } from './pushed/webhook-targets.ts';

/** Time settled positions may stay unwritten: bounds what is delivered twice after a crash. */
const FLUSH_MS = 50;

export interface InProcessBusOptions {
  readonly ledger: string;
  readonly entries: EntryStore;
  readonly items: ItemStore;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Told when settled positions could not be written; they are tried again. */
  readonly onError: (error: unknown) => void;
  /** in-process targets by name; default: none */
  readonly functions?: Functions;
  /** absent: webhooks are refused */
  readonly webhooks?: WebhookSending;
  /** Told what the owner of a webhook must know. Must not throw. */
  readonly onWebhook?: (change: WebhookChange) => void;
  /** asked for every event that is due */
  readonly mayRead: MayRead;
  /** what conditional subscriptions look at; absent: none are taken */
  readonly readFacts?: ReadFacts;
  /** Told of every breaker that opens, probes or closes. Must not throw. */
  readonly onBreaker?: (change: BreakerChange) => void;
}

export class InProcessBus implements EventBus {
  private readonly options: InProcessBusOptions;
  private readonly log: EventLog;
  private readonly queues = new Map<string, SubscriptionQueue | PushedQueue>();
  private readonly pushing: WebhookTargets;
  readonly webhooks: WebhookBus | undefined;
  private readonly mailboxes = new Map<string, Mailbox>();
  private readonly interests = createRuleIndex<string>();
  private readonly functions: FunctionTargets;
  /** subscription → the last of what was asked to be done with it: attached, paused, removed, in this order */
  private readonly turns = new Map<string, Promise<void>>();
  private flushing: Promise<void> | undefined;
  private isFlushDue = false;
  private writing: Promise<void> = Promise.resolve();
  private closed = false;
  private unwritten: ItemWrite[] = [];

  constructor(options: InProcessBusOptions) {
    this.options = options;
    const quarantine = createQuarantine(options);
    this.log = new EventLog(options.entries, (gap) => void keepGap(quarantine, gap).catch(options.onError));
    this.functions = new FunctionTargets({ functions: {}, ...options });
    this.pushing = new WebhookTargets(options, (id) => this.queues.get(id));
    this.webhooks = this.pushing.bus;
  }

  /** Reads where the log ends. Call once, before the first `relay`. */
  open(): Promise<void> {
    return this.log.open();
  }

  refusal(subscription: Subscription): Problem | undefined {
    if (subscription.when !== undefined && this.options.readFacts === undefined)
      return { pointer: '/mode', detail: 'this engine cannot look at the state that conditions are about' };
    if (isWebhook(subscription)) return this.pushing.refusal(subscription);
    return this.functions.refusal(subscription);
  }

  relay(entries: readonly AppendedEntry[]): void {
    if (!this.log.isNext(entries)) for (const queue of this.queues.values()) queue.fallBehind();
    const told = new Set<SubscriptionQueue | PushedQueue>();
    for (const slot of this.log.add(entries).filter(isArrival)) {
      for (const id of this.interests.match(eventBridgeShape(this.options.ledger, slot.event))) {
        const queue = this.queues.get(id);
        if (queue?.tell(slot) === true) told.add(queue);
      }
    }
    for (const queue of told) queue.wake();
  }

  attach(subscription: Subscription): Promise<void> {
    return this.inTurn(subscription.id, () => this.begin(subscription));
  }

  change(subscription: Subscription): Promise<void> {
    return this.inTurn(subscription.id, () => this.goOnAs(subscription));
  }

  pause(id: string): Promise<void> {
    return this.inTurn(id, () => this.leave(id));
  }

  detach(id: string): Promise<void> {
    return this.inTurn(id, async () => {
      await this.leave(id);
      await this.mailboxOf(id).erase();
      await this.options.webhooks?.secrets.forget(id);
      this.mailboxes.delete(id);
    });
  }

  async receive(id: string, options: ReceiveOptions): Promise<readonly ReceivedMessage[]> {
    const queue = this.queues.get(id);
    return queue instanceof SubscriptionQueue ? queue.receive(options) : [];
  }

  async ack(id: string, receipts: readonly string[]): Promise<{ readonly stale: readonly string[] }> {
    const queue = this.queues.get(id);
    return { stale: queue instanceof SubscriptionQueue ? queue.ack(receipts) : receipts };
  }

  async extend(id: string, receipts: readonly string[]): Promise<Extended> {
    const queue = this.queues.get(id);
    return queue instanceof SubscriptionQueue ? queue.extendAll(receipts) : { extended: [], stale: receipts };
  }

  async nack(
    id: string,
    receipts: readonly string[],
    failure: { readonly reason: string; readonly delayMs?: number },
  ): Promise<{ readonly stale: readonly string[] }> {
    const queue = this.queues.get(id);
    return { stale: queue instanceof SubscriptionQueue ? await queue.nack(receipts, failure) : receipts };
  }

  async deadLetters(
    id: string,
    options: { readonly after?: number; readonly limit: number },
  ): Promise<readonly DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for (let { after } = options; letters.length < options.limit;) {
      const limit = options.limit - letters.length;
      const page = await this.mailboxOf(id).deadLetters({ limit, ...defined({ after }) });
      for (const { position, attempts, reason, at } of page) {
        const event = (await this.log.at(position))?.event;
        if (event !== undefined) letters.push({ position, attempts, reason, diedAt: isoOf(at), event });
      }
      if (page.length < limit) break;
      after = page.at(-1)?.position; // a full page may have less to show: what was damaged since is left out
    }
    return letters;
  }

  async redrive(id: string, positions?: readonly number[]): Promise<number> {
    const queue = this.queues.get(id);
    if (queue === undefined) {
      throw new EventError({
        code: 'SUBSCRIPTION_INVALID',
        message: `subscription "${id}" is paused: resume it, then redrive`,
      });
    }
    return queue.redrive(positions);
  }

  async reset(id: string): Promise<void> {
    this.queues.get(id)?.resetBreaker();
  }

  async trace(event: DeliveredEvent): Promise<readonly DeliveryState[]> {
    const states: DeliveryState[] = [];
    const { position } = event.ledger;
    if (position === undefined) return states;
    for (const [subscription, queue] of this.queues) {
      const letter = await this.mailboxOf(subscription).deadLetter(position);
      if (letter !== undefined) {
        const { attempts, reason } = letter;
        states.push({ subscription, ...queue.historyOf(event as LoggedEvent), state: 'dead-letter', attempts, reason });
        continue;
      }
      const state = queue.stateOf(event as LoggedEvent);
      if (state !== undefined) states.push(state);
    }
    return states;
  }

  async stats(): Promise<readonly SubscriptionStats[]> {
    return [...this.queues.values()].map((queue) => ({
      subscription: queue.subscription.id,
      module: queue.subscription.module,
      ...queue.stats(),
    }));
  }

  /** Ends every wait and writes down what is settled. */
  async close(): Promise<void> {
    this.closed = true;
    await this.functions.stopAll();
    await Promise.all([...this.queues.values()].map((queue) => queue.close()));
    await this.flushing;
    await this.flush(true);
    this.queues.clear();
  }

  private async begin(subscription: Subscription): Promise<void> {
    const { id } = subscription;
    await this.leaveIfVerified(subscription);
    if (this.queues.has(id) || targetOf(subscription).kind === 'stream') return;
    const { ledger, clock, ids, mayRead, readFacts = cannotRead, onBreaker = ignore } = this.options;
    const common = { ledger, clock, ids, mayRead, readFacts, onBreaker, log: this.log, mailbox: this.mailboxOf(id) };
    const queue = isWebhook(subscription)
      ? this.pushing.queueFor(subscription, common)
      : new SubscriptionQueue({ ...common, subscription, onSettled: () => this.flushSoon() });
    if (queue === undefined) return;
    await queue.load();
    this.queues.set(id, queue);
    this.interests.add(id, subscriptionPattern(subscription));
    if (queue instanceof PushedQueue) {
      queue.start();
      return;
    }
    this.consume(queue);
  }

  private consume(queue: SubscriptionQueue): void {
    const { subscription } = queue;
    const { id } = subscription;
    this.functions.start(subscription, {
      receive: (options) => this.receive(id, options),
      begin: (receipt) => queue.extend(receipt) !== undefined,
      ack: (receipts) => this.ack(id, receipts),
      nack: (receipts, failure) => this.nack(id, receipts, failure),
    });
  }

  /** One that is paused is not here; it begins as what it is by then. */
  private async goOnAs(subscription: Subscription): Promise<void> {
    const { id } = subscription;
    const queue = this.queues.get(id);
    if (queue === undefined) return;
    if (queue instanceof PushedQueue) {
      await queue.drain();
      this.queues.delete(id);
      this.interests.remove(id);
      await this.begin(subscription);
      return;
    }
    const isOtherConsumer = this.functions.isChanged(queue.subscription, subscription);
    if (isOtherConsumer) await this.functions.stop(id);
    await queue.change(subscription, () => {
      this.interests.remove(id);
      this.interests.add(id, subscriptionPattern(subscription));
    });
    if (isOtherConsumer) this.consume(queue);
  }

  /** A webhook that waited for its receiver to want it begins anew. */
  private async leaveIfVerified({ id, verifiedAt }: Subscription): Promise<void> {
    const queue = this.queues.get(id);
    if (queue instanceof PushedQueue && queue.subscription.verifiedAt !== verifiedAt) await this.leave(id);
  }

  /** What is settled is written down before nobody knows of it; what is out comes again. */
  private async leave(id: string): Promise<void> {
    await this.functions.stop(id);
    const queue = this.queues.get(id);
    if (queue instanceof PushedQueue) queue.resetBreaker(); // written down with the rest
    await queue?.close();
    if (queue instanceof SubscriptionQueue) queue.resetBreaker();
    await this.flush(true);
    this.queues.delete(id);
    this.interests.remove(id);
  }

  private async inTurn(id: string, action: () => Promise<void>): Promise<void> {
    const done = (this.turns.get(id) ?? Promise.resolve()).then(action);
    const over = done.catch(ignore);
    this.turns.set(id, over);
    await over;
    if (this.turns.get(id) === over) this.turns.delete(id);
    await done;
  }

  /** @param all also where a subscription only looked at what it does not want */
  private flush(all: boolean): Promise<void> {
    const done = this.writing.then(() => this.writeDown(all));
    this.writing = done.catch(ignore);
    return done;
  }

  /** Settled positions of all subscriptions in one write; what could not be written goes first next time. */
  private async writeDown(all: boolean): Promise<void> {
    for (const queue of this.queues.values())
      if (queue instanceof SubscriptionQueue) this.unwritten.push(...queue.flushWrites(all));
    if (this.unwritten.length === 0) return;
    await this.options.items.write(this.unwritten);
    this.unwritten = [];
  }

  private flushSoon(): void {
    if (this.closed || this.isFlushDue) return;
    this.isFlushDue = true;
    this.flushing = this.options.clock
      .sleep(FLUSH_MS)
      .then(() => {
        this.isFlushDue = false; // what is settled while this is being written needs another one
        return this.flush(false);
      })
      .catch((error: unknown) => this.options.onError(error))
      .finally(() => {
        if (this.unwritten.length > 0) this.flushSoon();
      });
  }

  private mailboxOf(id: string): Mailbox {
    const mailbox = this.mailboxes.get(id) ?? new Mailbox(this.options.items, this.options.ledger, id);
    this.mailboxes.set(id, mailbox);
    return mailbox;
  }
}

async function cannotRead(): Promise<never> {
  throw new Error('this engine cannot look at the state that conditions are about');
}

function ignore(): void {}
