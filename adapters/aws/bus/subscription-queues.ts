/**
 * The receiving side of the event bus on AWS: each subscription has an SQS queue, what cannot be delivered is
 * a dead-letter item. Queues and rules are the reconciler's to make; here they are used. No state is kept between calls.
 */
import type { Message, SQSClient } from '@aws-sdk/client-sqs';
import {
  afterFailure,
  createQuarantine,
  EventError,
  type DeadLetter,
  type DeliveredEvent,
  type DeliveryState,
  type EventBus,
  type Quarantine,
  type ReceivedMessage,
  type Subscription,
  type SubscriptionStats,
} from '../../../core/events/index.ts';
import type { Clock, EntryStore, Ids, ItemStore } from '../../../core/ledger/index.ts';
import { DeadLetterStore } from './dead-letters.ts';
import { SubscriptionDirectory, wantedBy } from './directory.ts';
import { LogFeed, toMessage } from './feed.ts';
import type { LogPositions } from './log-positions.ts';
import { formatReceipt, parseMessage, parseReceipt, quarantinedBody, type Lease } from './message.ts';
import type { ReconcileRequest } from './reconciler.ts';
import { QueueConsumer } from './queue-consumer.ts';
import { QueueUrls } from './queue-urls.ts';
import { sendMessages } from './send-messages.ts';

const MS_PER_SECOND = 1_000;
/** SQS's longest wait per call. */
const MAX_WAIT_SECONDS = 20;
/** SQS counts this from the first receive on. */
const MAX_HIDDEN_SECONDS = 43_200;
/** Messages SQS hands out per call; of an ordered subscription one, because the others of its entity must stay behind. */
const PER_CALL = 10;
const PARALLEL_CALLS = 4;
/** With the calls under way when it is reached (10 events of 64 KiB each), below what a function may answer: 6 MB. */
const MAX_ANSWER_CHARS = 1_500_000;
const PARALLEL_BURIALS = 20;
/** Time for writing down a dead letter while its message stays out of sight. */
const BURIAL_SECONDS = 60;
const STATS_PARALLEL = 20;

export interface SubscriptionQueuesOptions {
  readonly ledger: string;
  readonly entries: EntryStore;
  readonly items: ItemStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly queues: SQSClient;
  /** queue and rules of a subscription: `<subscriptionPrefix>-<hash>`; at most 43 characters */
  readonly subscriptionPrefix: string;
  readonly positions: LogPositions;
  /** Has queues and rules made or removed; resolves when that is done. */
  readonly reconcile: (request: ReconcileRequest) => Promise<void>;
}

interface Opened {
  readonly subscription: Subscription;
  readonly url: string;
  readonly queue: QueueConsumer;
}

export class SubscriptionQueues implements Omit<EventBus, 'relay'> {
  private readonly options: SubscriptionQueuesOptions;
  private readonly directory: SubscriptionDirectory;
  private readonly urls: QueueUrls;
  private readonly letters: DeadLetterStore;
  private readonly quarantine: Quarantine;
  private readonly feed: LogFeed;

  constructor(options: SubscriptionQueuesOptions) {
    this.options = options;
    this.directory = new SubscriptionDirectory(options);
    this.urls = new QueueUrls(options.queues, options.subscriptionPrefix);
    this.letters = new DeadLetterStore(options);
    this.quarantine = createQuarantine(options);
    this.feed = new LogFeed({ ...options, urls: this.urls });
  }

  attach({ id }: Subscription): Promise<void> {
    return this.options.reconcile({ kind: 'attach', subscription: id });
  }

  /**
   * The stored status is what counts: `receive` reads it. The queue keeps what comes for SQS's 14 days; of a longer pause
   * the log has the rest.
   */
  async pause(id: string): Promise<void> {
    const subscription = await this.directory.get(id);
    if (subscription !== undefined) await this.feed.pause(subscription);
  }

  detach(id: string): Promise<void> {
    return this.options.reconcile({ kind: 'detach', subscription: id });
  }

  async receive(
    id: string,
    options: { readonly max: number; readonly waitMs: number; readonly signal?: AbortSignal },
  ): Promise<readonly ReceivedMessage[]> {
    const opened = await this.open(id);
    return opened?.subscription.status === 'active' ? this.pull(opened, options) : [];
  }

  async ack(id: string, receipts: readonly string[]): Promise<{ readonly stale: readonly string[] }> {
    const opened = await this.open(id);
    if (opened === undefined) return { stale: receipts };
    const { current, stale } = this.read(receipts);
    const gone = await opened.queue.delete([...current.values()].map(({ handle }) => handle));
    return { stale: [...stale, ...keysWhere(current, ({ handle }) => gone.has(handle))] };
  }

  async nack(
    id: string,
    receipts: readonly string[],
    failure: { readonly reason: string; readonly delayMs?: number },
  ): Promise<{ readonly stale: readonly string[] }> {
    const opened = await this.open(id);
    if (opened === undefined) return { stale: receipts };
    const { subscription, queue } = opened;
    const { current, stale } = this.read(receipts);
    const hidden = [...current.values()].map((lease) => ({
      handle: lease.handle,
      seconds: this.secondsUntilRetry(subscription, lease, failure.delayMs) ?? BURIAL_SECONDS,
    }));
    // Also for those about to be buried: SQS refuses a handle that is not out, and then nothing may be written for it.
    const gone = await queue.hide(hidden);
    const dead = [...current.values()].filter(
      (lease) => !gone.has(lease.handle) && lease.attempt >= subscription.retry.maxAttempts,
    );
    for (let i = 0; i < dead.length; i += PARALLEL_BURIALS) {
      await Promise.all(
        dead
          .slice(i, i + PARALLEL_BURIALS)
          .map((lease) => this.letters.bury(subscription, lease, { attempts: lease.attempt, reason: failure.reason })),
      );
    }
    await queue.delete(dead.map(({ handle }) => handle));
    return { stale: [...stale, ...keysWhere(current, ({ handle }) => gone.has(handle))] };
  }

  deadLetters(
    id: string,
    options: { readonly after?: number; readonly limit: number },
  ): Promise<readonly DeadLetter[]> {
    return this.letters.list(id, options);
  }

  async redrive(id: string, positions?: readonly number[]): Promise<number> {
    const opened = await this.open(id);
    if (opened?.subscription.status !== 'active') {
      throw new EventError({
        code: 'SUBSCRIPTION_INVALID',
        message: `subscription "${id}" is paused: resume it, then redrive`,
      });
    }
    const { subscription, url } = opened;
    return this.letters.takeBack(id, positions, (event) => {
      const message = toMessage(subscription, event);
      // Its first sending must not make SQS take this one for a repetition.
      const fresh = message.group === undefined ? {} : { deduplicationId: this.options.ids.next() };
      return sendMessages(this.options.queues, url, [{ ...message, ...fresh }]);
    });
  }

  async trace(event: DeliveredEvent): Promise<readonly DeliveryState[]> {
    const { positions, ledger } = this.options;
    const position = event.ledger.position ?? (await positions.positionOf(event.ledger.entity, event.ledger.seq));
    const interested = (await this.directory.all()).filter(
      (subscription) =>
        (position === undefined || position >= subscription.from) && wantedBy(ledger, subscription)(event),
    );
    return Promise.all(interested.map((subscription) => this.stateOf(subscription, position)));
  }

  async stats(): Promise<readonly SubscriptionStats[]> {
    const all = await this.directory.all();
    const stats: SubscriptionStats[] = [];
    for (let i = 0; i < all.length; i += STATS_PARALLEL) {
      stats.push(...(await Promise.all(all.slice(i, i + STATS_PARALLEL).map((one) => this.statsOf(one)))));
    }
    return stats;
  }

  private async isActive(id: string): Promise<boolean> {
    return (await this.directory.get(id))?.status === 'active';
  }

  private async open(id: string): Promise<Opened | undefined> {
    const subscription = await this.directory.get(id);
    const url = subscription === undefined ? undefined : await this.urls.of(subscription);
    if (subscription === undefined || url === undefined) return undefined;
    return { subscription, url, queue: new QueueConsumer(this.options.queues, url) };
  }

  private async pull(
    { subscription, queue }: Opened,
    { max, waitMs, signal }: { readonly max: number; readonly waitMs: number; readonly signal?: AbortSignal },
  ): Promise<readonly ReceivedMessage[]> {
    const perCall = subscription.order === 'entity' ? 1 : PER_CALL;
    const received: ReceivedMessage[] = [];
    let chars = 0;
    let leftMs = waitMs;
    for (let calls = 1; received.length < max && chars < MAX_ANSWER_CHARS;) {
      const waitSeconds = calls > 1 ? 0 : Math.min(MAX_WAIT_SECONDS, Math.ceil(leftMs / MS_PER_SECOND));
      const visibilitySeconds = Math.max(1, Math.ceil(subscription.ackTimeoutMs / MS_PER_SECOND));
      const ask = { max: Math.min(perCall, max - received.length), waitSeconds, visibilitySeconds };
      const asked = await Promise.all(Array.from({ length: calls }, () => queue.receive(ask, signal)));
      const raw = asked.flat();
      if (waitSeconds > 0 && raw.length > 0 && !(await this.isActive(subscription.id))) {
        // Paused while SQS waited. They cost an attempt, nothing more: who resumes gets them.
        await queue.hide(raw.map(({ ReceiptHandle = '' }) => ({ handle: ReceiptHandle, seconds: 0 })));
        return received;
      }
      received.push(...(await this.admit(subscription, queue, raw)));
      chars += raw.reduce((sum, { Body = '' }) => sum + Body.length, 0);
      const isAll = raw.length < calls * ask.max;
      leftMs -= waitSeconds * MS_PER_SECOND;
      if (signal?.aborted === true || (isAll && (received.length > 0 || leftMs <= 0))) break;
      calls = received.length === 0 ? 1 : Math.min(PARALLEL_CALLS, Math.floor((max - received.length) / perCall));
      if (calls === 0) calls = 1;
    }
    return received;
  }

  /** Leases what is wanted; deletes what a rule let through too much; puts aside what is no event. */
  private async admit(
    subscription: Subscription,
    queue: QueueConsumer,
    raw: readonly Message[],
  ): Promise<readonly ReceivedMessage[]> {
    const wants = wantedBy(this.options.ledger, subscription);
    const expiresAt = this.options.clock.now() + subscription.ackTimeoutMs;
    const received: ReceivedMessage[] = [];
    const unwanted: string[] = [];
    for (const { Body: body = '', ReceiptHandle: handle = '', Attributes } of raw) {
      const message = parseMessage(body);
      const attempt = Number(Attributes?.ApproximateReceiveCount ?? 1);
      if (message !== undefined && wants(message.event)) {
        const { entity: chain, seq } = message.event.ledger;
        received.push({
          receipt: formatReceipt({ handle, attempt, chain, seq, expiresAt }),
          attempt,
          event: message.event,
        });
        continue;
      }
      if (message === undefined) {
        const reason = `no event stood in the queue of subscription "${subscription.id}": find out who may send to it`;
        await this.quarantine.keep(quarantinedBody(body), reason);
      }
      unwanted.push(handle);
    }
    if (unwanted.length > 0) await queue.delete(unwanted);
    return received;
  }

  /** A lease past its time may have been given to someone else: settling it now would settle theirs. */
  private read(receipts: readonly string[]): {
    readonly current: ReadonlyMap<string, Lease>;
    readonly stale: readonly string[];
  } {
    const now = this.options.clock.now();
    const current = new Map<string, Lease>();
    const stale: string[] = [];
    for (const receipt of new Set(receipts)) {
      const lease = parseReceipt(receipt);
      if (lease === undefined || lease.expiresAt <= now) stale.push(receipt);
      else current.set(receipt, lease);
    }
    return { current, stale };
  }

  /** Undefined: attempts are used up. SQS counts whole seconds. */
  private secondsUntilRetry(
    { retry, ackTimeoutMs }: Subscription,
    { attempt, expiresAt }: Lease,
    delayMs: number | undefined,
  ): number | undefined {
    const { clock, ids } = this.options;
    const next = afterFailure(retry, attempt, ids.random());
    if (next.kind === 'dead-letter') return undefined;
    const outMs = Math.max(0, clock.now() - (expiresAt - ackTimeoutMs));
    const longest = MAX_HIDDEN_SECONDS - Math.ceil(outMs / MS_PER_SECOND) - 1;
    return Math.min(longest, Math.ceil((delayMs ?? next.afterMs) / MS_PER_SECOND));
  }

  private async stateOf(subscription: Subscription, position: number | undefined): Promise<DeliveryState> {
    const { id } = subscription;
    const letter = position === undefined ? undefined : await this.letters.find(id, position);
    if (letter !== undefined)
      return { subscription: id, state: 'dead-letter', attempts: letter.attempts, reason: letter.reason };
    if (subscription.order === 'none') return { subscription: id, state: 'relayed' };
    const next = (await this.feed.state(subscription))?.next ?? 0;
    return { subscription: id, state: position === undefined || position >= next ? 'pending' : 'relayed' };
  }

  /** SQS does not tell refused from delivered or retried: what is out of sight counts as in flight. */
  private async statsOf(subscription: Subscription): Promise<SubscriptionStats> {
    const url = await this.urls.of(subscription);
    const queue = url === undefined ? undefined : new QueueConsumer(this.options.queues, url);
    const [depth, deadLetters] = await Promise.all([queue?.depth(), this.letters.count(subscription.id)]);
    return {
      subscription: subscription.id,
      module: subscription.module,
      delivered: 0,
      failed: 0,
      backlog: depth?.waiting ?? 0,
      inFlight: depth?.out ?? 0,
      retrying: 0,
      deadLetters,
    };
  }
}

function keysWhere<T>(map: ReadonlyMap<string, T>, is: (value: T) => boolean): readonly string[] {
  return [...map].filter(([, value]) => is(value)).map(([key]) => key);
}
