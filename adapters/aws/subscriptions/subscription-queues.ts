/**
 * The receiving side of the event bus on AWS: each subscription has an SQS queue, what cannot be delivered is
 * a dead-letter item. Queues and rules are the reconciler's to make; here they are used. No state is kept between calls.
 */
import type { SQSClient } from '@aws-sdk/client-sqs';
import { isoOf, later, type IsoInstant } from '../../../core/brands/index.ts';
import {
  afterFailure,
  createQuarantine,
  EventError,
  startsAtMs,
  targetOf,
  type BreakerChange,
  type DeadLetter,
  type DeliveredEvent,
  type DeliveryState,
  type EventBus,
  type Extended,
  type MayRead,
  type ReadFacts,
  type ReceivedMessage,
  type Subscription,
  type SubscriptionStats,
} from '../../../core/events/index.ts';
import type { Problem } from '../../../core/errors/index.ts';
import type { Clock, EntryStore, Ids, ItemStore } from '../../../core/ledger/index.ts';
import { SubscriptionBreakers } from './breakers.ts';
import { DeadLetterStore } from './dead-letters.ts';
import type { DeliveryNotes } from '../bus/delivery-notes.ts';
import { SubscriptionDirectory } from '../bus/directory.ts';
import { LogFeed, toMessage } from '../bus/feed.ts';
import type { LogPositions } from '../bus/log-positions.ts';
import { formatReceipt, parseReceipt, type Lease } from '../bus/message.ts';
import { leaseMs, pull, type Opened, type PullDependencies, type PullOptions } from './pull.ts';
import type { ReconcileRequest } from './reconciler.ts';
import { QueueConsumer } from './queue-consumer.ts';
import { QueueUrls } from '../bus/queue-urls.ts';
import { queueDepth } from './queue-depth.ts';
import { refusal } from '../bus/refusal.ts';
import { sendMessages } from '../bus/send-messages.ts';
import { SubscriptionReports } from './subscription-reports.ts';
import { MS_PER_SECOND } from '../../../core/values/index.ts';

/** A function that waits is billed while it waits, $35 a month; a look is some ten milliseconds (docs/costs.md). */
const IDLE_SECONDS = 90;
/** SQS counts this from the first receive on. */
const MAX_HIDDEN_SECONDS = 43_200;
const PARALLEL_BURIALS = 20;
/** Time for writing down a dead letter while its message stays out of sight. */
const BURIAL_SECONDS = 60;
const NO_FACTS = 'this function cannot look at the state that conditions are about';

export interface SubscriptionQueuesOptions {
  readonly ledger: string;
  readonly entries: EntryStore;
  /** what every message is held against, for less if it reads no log index; default: `entries` */
  readonly recorded?: Pick<EntryStore, 'read'>;
  readonly items: ItemStore;
  readonly clock: Clock;
  readonly ids: Ids;
  readonly queues: SQSClient;
  /** queue and rules of a subscription: `<subscriptionPrefix>-<hash>`; at most 43 characters */
  readonly subscriptionPrefix: string;
  readonly positions: LogPositions;
  /** Has queues and rules made or removed; resolves when that is done. */
  readonly reconcile: (request: ReconcileRequest) => Promise<void>;
  readonly notes: DeliveryNotes;
  /** asked for every event before it is handed out; absent: this function hands out none */
  readonly mayRead?: MayRead;
  /** what conditional subscriptions look at; absent: none are taken, and none are delivered */
  readonly readFacts?: ReadFacts;
  /** Told of every message in a queue that this system did not make. Must not throw. */
  readonly onForged?: (subscription: string, reason: string) => void;
  /** Told of every breaker that this process opens, probes or closes. Must not throw. */
  readonly onBreaker?: (change: BreakerChange) => void;
}

export class SubscriptionQueues implements Omit<EventBus, 'relay'> {
  readonly idleSeconds = IDLE_SECONDS;
  private readonly options: SubscriptionQueuesOptions;
  private readonly directory: SubscriptionDirectory;
  private readonly urls: QueueUrls;
  private readonly letters: DeadLetterStore;
  private readonly feed: LogFeed;
  private readonly breakers: SubscriptionBreakers;
  private readonly pulling: PullDependencies;
  private readonly reports: SubscriptionReports;

  constructor(options: SubscriptionQueuesOptions) {
    this.options = options;
    this.directory = new SubscriptionDirectory(options);
    this.urls = new QueueUrls(options.queues, options.subscriptionPrefix);
    this.letters = new DeadLetterStore(options);
    this.feed = new LogFeed({ ...options, urls: this.urls });
    this.breakers = new SubscriptionBreakers(options);
    this.reports = new SubscriptionReports({
      ...options,
      depthOf: async (subscription) => {
        const url = await this.urls.of(subscription);
        return url === undefined ? undefined : queueDepth(options.queues, url);
      },
    });
    this.pulling = {
      ...{
        readFacts: cannotRead,
        mayRead: cannotTell,
        recorded: options.entries,
        ...options,
        quarantine: createQuarantine(options),
      },
      isServed: (subscription) => this.isServed(subscription),
    };
  }

  refusal(subscription: Subscription, before?: Subscription): Problem | undefined {
    if (subscription.when !== undefined && this.options.readFacts === undefined)
      return { pointer: '/mode', detail: NO_FACTS };
    return refusal(subscription, before);
  }

  /** A stream has no queue: its readers keep their own cursors over the log. */
  async attach(subscription: Subscription): Promise<void> {
    if (targetOf(subscription).kind === 'stream') return;
    await this.options.reconcile({ kind: 'attach', subscription: subscription.id });
  }

  /** Each pull reads the settings; the queue and the rules are brought in line, also of one that is paused. */
  change(subscription: Subscription): Promise<void> {
    return this.attach(subscription);
  }

  /**
   * The stored status is what counts: `receive` reads it. The queue keeps what comes for SQS's 14 days; of a longer pause
   * the log has the rest.
   */
  async pause(id: string): Promise<void> {
    const subscription = await this.directory.get(id);
    if (subscription !== undefined) await this.feed.pause(subscription);
  }

  async detach(id: string): Promise<void> {
    await this.reset(id);
    await this.options.reconcile({ kind: 'detach', subscription: id });
  }

  async receive(id: string, options: PullOptions): Promise<readonly ReceivedMessage[]> {
    const opened = await this.open(id);
    if (opened?.subscription.status !== 'active') return [];
    const { subscription } = opened;
    const startsAt = startsAtMs(subscription);
    if (this.options.clock.now() < startsAt) return this.receiveFrom(id, startsAt, options);
    const verdict = await this.breakers.ask(subscription);
    if (verdict.kind === 'wait') return this.receiveFrom(id, verdict.untilMs, options);
    if (verdict.kind === 'deliver') return pull(this.pulling, opened, options);
    const probe = await pull(this.pulling, opened, { ...options, max: 1 });
    if (probe.length === 0) await this.breakers.giveBack(subscription);
    return probe;
  }

  async ack(id: string, receipts: readonly string[]): Promise<{ readonly stale: readonly string[] }> {
    const opened = await this.open(id);
    if (opened === undefined) return { stale: receipts };
    const { current, stale } = this.read(receipts);
    const gone = await opened.queue.delete([...current.values()].map(({ handle }) => handle));
    const done = [...current.values()].filter(({ handle }) => !gone.has(handle));
    if (done.length > 0) await this.breakers.succeeded(opened.subscription);
    const eventful = done.filter(({ attempt }) => attempt > 1);
    await this.options.notes.add(opened.subscription, eventful, { at: this.isoNow(), outcome: 'delivered' });
    return { stale: [...stale, ...keysWhere(current, ({ handle }) => gone.has(handle))] };
  }

  /** SQS counts 12 hours from the first receive on: what has had them is stale. */
  async extend(id: string, receipts: readonly string[]): Promise<Extended> {
    const opened = await this.open(id);
    if (opened === undefined) return { extended: [], stale: receipts };
    const { current, stale } = this.read(receipts);
    const spanMs = leaseMs(opened.subscription);
    const now = this.options.clock.now();
    const seconds = Math.ceil(spanMs / MS_PER_SECOND);
    const wanted = [...current].filter(
      ([, lease]) => (now - outSince(opened.subscription, lease)) / MS_PER_SECOND + seconds < MAX_HIDDEN_SECONDS,
    );
    const gone = await opened.queue.hide(wanted.map(([, { handle }]) => ({ handle, seconds })));
    const until = later(now, spanMs);
    const extended = wanted
      .filter(([, { handle }]) => !gone.has(handle))
      .map(([was, lease]) => {
        const since = outSince(opened.subscription, lease);
        return { was, receipt: formatReceipt({ ...lease, since, expiresAt: until }), until: isoOf(until) };
      });
    const kept = new Set(extended.map(({ was }) => was));
    return { extended, stale: [...stale, ...[...current.keys()].filter((receipt) => !kept.has(receipt))] };
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
    // Also for those about to become dead letters: SQS refuses a handle that is not out, and then nothing may be written for it.
    const gone = await queue.hide(hidden);
    const failed = [...current.values()].filter(({ handle }) => !gone.has(handle));
    const { reason } = failure;
    const dead = failed.filter(({ attempt }) => attempt >= subscription.retry.maxAttempts);
    for (let i = 0; i < dead.length; i += PARALLEL_BURIALS) {
      await Promise.all(
        dead
          .slice(i, i + PARALLEL_BURIALS)
          .map((lease) => this.letters.writeDeadLetter(subscription, lease, { attempts: lease.attempt, reason })),
      );
    }
    await queue.delete(dead.map(({ handle }) => handle));
    await this.options.notes.add(subscription, failed, { at: this.isoNow(), outcome: 'failed', reason });
    await this.breakers.failed(subscription, failed.length, reason);
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
    const redriven = await this.letters.takeBack(id, positions, (event) => {
      const message = toMessage(subscription, event, 0);
      // Its first sending must not make SQS take this one for a repetition.
      const fresh = message.group === undefined ? {} : { deduplicationId: this.options.ids.next() };
      return sendMessages(this.options.queues, url, [{ ...message, ...fresh }]);
    });
    if (redriven > 0) await this.breakers.reset(subscription); // somebody wants it tried again
    return redriven;
  }

  async reset(id: string): Promise<void> {
    const subscription = await this.directory.get(id);
    if (subscription !== undefined) await this.breakers.reset(subscription);
  }

  trace(event: DeliveredEvent): Promise<readonly DeliveryState[]> {
    return this.reports.trace(event);
  }

  stats(): Promise<readonly SubscriptionStats[]> {
    return this.reports.stats();
  }

  private isoNow(): IsoInstant {
    return isoOf(this.options.clock.now());
  }

  /** There is nothing for anybody before `fromMs`. */
  private async receiveFrom(id: string, fromMs: number, options: PullOptions): Promise<readonly ReceivedMessage[]> {
    const holdMs = Math.max(1, fromMs - this.options.clock.now());
    await this.options.clock.sleep(Math.min(holdMs, options.waitMs), options.signal);
    const isOver = holdMs > options.waitMs || options.signal?.aborted === true;
    return isOver ? [] : this.receive(id, { ...options, waitMs: options.waitMs - holdMs });
  }

  private async open(id: string): Promise<Opened | undefined> {
    const subscription = await this.directory.get(id);
    const url = subscription === undefined ? undefined : await this.urls.of(subscription);
    if (subscription === undefined || url === undefined) return undefined;
    return { subscription, url, queue: new QueueConsumer(this.options.queues, url) };
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
  private secondsUntilRetry(subscription: Subscription, lease: Lease, delayMs: number | undefined): number | undefined {
    const { clock, ids } = this.options;
    const next = afterFailure(subscription.retry, lease.attempt, ids.random());
    if (next.kind === 'dead-letter') return undefined;
    const outMs = Math.max(0, clock.now() - outSince(subscription, lease));
    const longest = MAX_HIDDEN_SECONDS - Math.ceil(outMs / MS_PER_SECOND) - 1;
    return Math.min(longest, Math.ceil((delayMs ?? next.afterMs) / MS_PER_SECOND));
  }

  /** SQS does not tell refused from delivered or retried: what is out of sight counts as in flight. */
  private async isServed(subscription: Subscription): Promise<boolean> {
    const [known, breaker] = await Promise.all([
      this.directory.get(subscription.id),
      this.breakers.state(subscription),
    ]);
    return known?.status === 'active' && breaker !== 'open';
  }
}

/** When it was received, in milliseconds since the Unix epoch. */
function outSince(subscription: Subscription, { expiresAt, since }: Lease): number {
  return since ?? Math.max(0, expiresAt - leaseMs(subscription));
}

/** Thrown rather than said: what nobody may read is deleted. */
function cannotTell(): never {
  throw new Error('this function hands out no events: it was given nothing to ask for rights');
}

function cannotRead(): Promise<never> {
  return Promise.reject(new Error(NO_FACTS));
}

function keysWhere<T>(map: ReadonlyMap<string, T>, is: (value: T) => boolean): readonly string[] {
  return [...map].filter(([, value]) => is(value)).map(([key]) => key);
}
