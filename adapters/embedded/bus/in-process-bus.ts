/**
 * The event bus inside one process: one queue per subscription over the shared log. Settled positions are written down
 * together shortly after they change; until then a crash means redelivery, never loss.
 */
import type {
  DeadLetter,
  DeliveredEvent,
  LoggedEvent,
  DeliveryState,
  EventBus,
  ReceivedMessage,
  Subscription,
  SubscriptionStats,
} from '../../../core/events/index.ts';
import { EventError } from '../../../core/events/index.ts';
import type { AppendedEntry, Clock, EntryStore, Ids, ItemStore, ItemWrite } from '../../../core/ledger/index.ts';
import { EventLog } from './event-log.ts';
import { Mailbox } from './mailbox.ts';
import { SubscriptionQueue } from './subscription-queue.ts';

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
}

export class InProcessBus implements EventBus {
  private readonly options: InProcessBusOptions;
  private readonly log: EventLog;
  private readonly queues = new Map<string, SubscriptionQueue>();
  private readonly mailboxes = new Map<string, Mailbox>();
  private flushing: Promise<void> | undefined;
  private closed = false;
  private unwritten: ItemWrite[] = [];

  constructor(options: InProcessBusOptions) {
    this.options = options;
    this.log = new EventLog(options.entries);
  }

  /** Reads where the log ends. Call once, before the first `relay`. */
  open(): Promise<void> {
    return this.log.open();
  }

  relay(entries: readonly AppendedEntry[]): void {
    this.log.add(entries);
    for (const queue of this.queues.values()) queue.wake();
  }

  async attach(subscription: Subscription): Promise<void> {
    if (this.queues.has(subscription.id)) return;
    const { ledger, clock, ids } = this.options;
    const mailbox = this.mailboxOf(subscription.id);
    const queue = new SubscriptionQueue({ ledger, subscription, log: this.log, mailbox, clock, ids });
    await queue.load();
    if (!this.queues.has(subscription.id)) this.queues.set(subscription.id, queue);
  }

  async pause(id: string): Promise<void> {
    await this.flush();
    this.drop(id);
  }

  async detach(id: string): Promise<void> {
    this.drop(id);
    await this.mailboxOf(id).erase();
    this.mailboxes.delete(id);
  }

  async receive(
    id: string,
    options: { readonly max: number; readonly waitMs: number; readonly signal?: AbortSignal },
  ): Promise<readonly ReceivedMessage[]> {
    const queue = this.queues.get(id);
    return queue === undefined ? [] : queue.receive(options);
  }

  async ack(id: string, receipts: readonly string[]): Promise<{ readonly stale: readonly string[] }> {
    const stale = this.queues.get(id)?.ack(receipts) ?? receipts;
    this.flushSoon();
    return { stale };
  }

  async nack(
    id: string,
    receipts: readonly string[],
    failure: { readonly reason: string; readonly delayMs?: number },
  ): Promise<{ readonly stale: readonly string[] }> {
    const stale = (await this.queues.get(id)?.nack(receipts, failure)) ?? receipts;
    this.flushSoon();
    return { stale };
  }

  async deadLetters(
    id: string,
    options: { readonly after?: number; readonly limit: number },
  ): Promise<readonly DeadLetter[]> {
    const letters: DeadLetter[] = [];
    for (const { position, attempts, reason, at } of await this.mailboxOf(id).deadLetters(options)) {
      const event = await this.log.at(position);
      if (event !== undefined) letters.push({ position, attempts, reason, diedAt: new Date(at).toISOString(), event });
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

  async trace(event: DeliveredEvent): Promise<readonly DeliveryState[]> {
    const states: DeliveryState[] = [];
    const { position } = event.ledger;
    if (position === undefined) return states;
    for (const [subscription, queue] of this.queues) {
      const letter = await this.mailboxOf(subscription).deadLetter(position);
      const state =
        letter === undefined
          ? queue.stateOf(event as LoggedEvent)
          : { state: 'dead-letter' as const, attempts: letter.attempts, reason: letter.reason };
      if (state !== undefined) states.push({ subscription, ...state });
    }
    return states;
  }

  async stats(): Promise<readonly SubscriptionStats[]> {
    return [...this.queues.values()].map((queue) => ({
      subscription: queue.subscription.id,
      module: queue.subscription.module,
      delivered: queue.delivered,
      failed: queue.failed,
      deadLetters: queue.dead,
      ...queue.counts(),
    }));
  }

  /** Writes down what is settled and ends every wait. */
  async close(): Promise<void> {
    this.closed = true;
    await this.flushing;
    await this.flush();
    for (const id of [...this.queues.keys()]) this.drop(id);
  }

  /** Settled positions of all subscriptions in one write; what could not be written goes first next time. */
  private async flush(): Promise<void> {
    this.unwritten.push(...[...this.queues.values()].flatMap((queue) => queue.flushWrites()));
    if (this.unwritten.length === 0) return;
    const count = this.unwritten.length;
    await this.options.items.write([...this.unwritten]);
    this.unwritten = this.unwritten.slice(count);
  }

  private flushSoon(): void {
    if (this.closed) return;
    this.flushing ??= this.options.clock
      .sleep(FLUSH_MS)
      .then(() => this.flush())
      .catch((error: unknown) => this.options.onError(error))
      .finally(() => {
        this.flushing = undefined;
        if (this.unwritten.length > 0) this.flushSoon();
      });
  }

  private drop(id: string): void {
    const queue = this.queues.get(id);
    this.queues.delete(id);
    queue?.close();
  }

  private mailboxOf(id: string): Mailbox {
    const mailbox = this.mailboxes.get(id) ?? new Mailbox(this.options.items, this.options.ledger, id);
    this.mailboxes.set(id, mailbox);
    return mailbox;
  }
}
