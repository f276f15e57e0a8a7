/**
 * When one subscription's events are delivered: whatever is due, unless the subscription is still starting, its breaker is
 * open, its batch is not full, or its condition is not met. Nothing here waits for another subscription.
 */
import { setImmediate as letOthersIn } from 'node:timers/promises';
import { isoOf, later, msOf, type EpochMs } from '../../../core/brands/index.ts';
import {
  compileCondition,
  CONDITION_FALSE,
  NOT_READABLE,
  NOT_WANTED,
  deliveryTraceparent,
  startsAtMs,
  type BreakerChange,
  type DeliveryFacts,
  type DeliveryState,
  type Extended,
  type LoggedEvent,
  type MayRead,
  type ReadFacts,
  type ReceivedMessage,
  type Subscription,
  type SubscriptionStats,
} from '../../../core/events/index.ts';
import type { ItemWrite } from '../../../core/ledger/index.ts';
import { defined } from '../../../core/values/index.ts';
import { BreakerSwitch } from './breaker-switch.ts';
import type { Arrival } from './event-log.ts';
import type { Lease } from './leases.ts';
import { Sleepers } from './sleepers.ts';
import { SubscriptionProgress, type SubscriptionProgressOptions } from './subscription-progress.ts';

/** Events whose condition was not met in one look: others, and who gives up waiting, must get their turn. */
const MAX_SKIPPED = 1_024;

export interface QueueOptions extends SubscriptionProgressOptions {
  readonly mayRead: MayRead;
  readonly readFacts: ReadFacts;
  readonly onBreaker: (change: BreakerChange) => void;
}

export interface ReceiveOptions {
  readonly max: number;
  readonly waitMs: number;
  readonly signal?: AbortSignal;
}

/** What could be delivered now. */
interface Candidate {
  readonly arrival: Arrival;
  readonly attempt: number;
}

export class SubscriptionQueue {
  subscription: Subscription;
  private readonly options: QueueOptions;
  private readonly progress: SubscriptionProgress;
  private condition: ((facts: DeliveryFacts) => boolean) | undefined;
  private readonly breaker: BreakerSwitch;
  private startsAt: number;
  /** nothing is delivered before, whatever is due; undefined: nothing is held back */
  private heldUntil: number | undefined;
  private closed = false;
  private readonly sleepers: Sleepers;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(options: QueueOptions) {
    const { subscription, clock, onBreaker } = options;
    this.options = options;
    this.subscription = subscription;
    this.progress = new SubscriptionProgress(options);
    this.condition = compileCondition(subscription.when);
    this.startsAt = startsAtMs(subscription);
    this.sleepers = new Sleepers(clock);
    this.breaker = new BreakerSwitch(subscription.breaker, (move) =>
      onBreaker({ subscription: subscription.id, module: subscription.module, at: clock.now(), ...move }),
    );
  }

  load(): Promise<void> {
    return this.progress.load();
  }

  /**
   * From now on it is this subscription. Nothing is lost by that, and nothing is delivered again.
   * @param onChanged called when it is, before anything else can happen: by then it must be told of what it wants now
   */
  async change(subscription: Subscription, onChanged: () => void): Promise<void> {
    await this.oneAtATime(async () => {
      this.subscription = subscription;
      this.progress.change(subscription);
      this.condition = compileCondition(subscription.when);
      this.startsAt = startsAtMs(subscription);
      this.breaker.change(subscription.breaker);
      this.heldUntil = undefined;
      onChanged();
    });
    this.wake();
  }

  /** Told of a new event that the subscription may want. @returns whether there is something to deliver */
  tell(arrival: Arrival): boolean {
    return this.progress.cursor.tell(arrival);
  }

  /** Entries were committed that nobody was told of. */
  fallBehind(): void {
    this.progress.cursor.fallBehind();
    this.wake();
  }

  /** Leases up to `max` events, waiting up to `waitMs` for the first, or for a whole batch. */
  async receive(options: ReceiveOptions): Promise<ReceivedMessage[]> {
    const { clock } = this.options;
    const until = clock.now() + options.waitMs;
    for (;;) {
      const since = this.sleepers.times;
      const messages = await this.oneAtATime(() => this.take(options.max));
      const left = until - clock.now();
      if (messages.length > 0 || left <= 0 || this.closed || options.signal?.aborted === true) return messages;
      await this.sleepers.sleep(Math.min(left, this.nextDueMs()), since, options.signal);
    }
  }

  /** @returns receipts that are not out (any more) */
  ack(receipts: readonly string[]): readonly string[] {
    if (this.closed) return receipts;
    const now = this.options.clock.now();
    const stale = receipts.filter((receipt) => {
      const lease = this.progress.leaseOf(receipt);
      if (lease === undefined) return true;
      this.progress.acknowledge(lease, now);
      this.breaker.succeeded(now);
      return false;
    });
    this.wake(); // it may have held up others: of its entity, or for want of room
    return stale;
  }

  /** The event's time to be acknowledged begins anew. @returns when it ends; undefined: it is not out (any more) */
  extend(receipt: string): EpochMs | undefined {
    const now = this.options.clock.now();
    const lease = this.progress.leaseOf(receipt);
    if (lease === undefined || this.closed) return undefined;
    const until = later(now, this.subscription.ackTimeoutMs);
    this.progress.leases.renew(lease, until);
    return until;
  }

  extendAll(receipts: readonly string[]): Extended {
    const kept = [...new Set(receipts)].map((was) => ({ was, until: this.extend(was) }));
    return {
      extended: kept.flatMap(({ was, until }) =>
        until === undefined ? [] : [{ was, receipt: was, until: isoOf(until) }],
      ),
      stale: kept.flatMap(({ was, until }) => (until === undefined ? [was] : [])),
    };
  }

  /** Records failed deliveries durably. @returns receipts that are not out (any more) */
  async nack(
    receipts: readonly string[],
    failure: { readonly reason: string; readonly delayMs?: number },
  ): Promise<readonly string[]> {
    if (this.closed) return receipts;
    const { leases } = this.progress;
    const stale = receipts.filter((receipt) => leases.get(receipt) === undefined);
    const out = [...new Set(receipts)].map((receipt) => leases.get(receipt)).filter((lease) => lease !== undefined);
    await this.oneAtATime(async () => {
      const failed = await this.recordFailures(out, failure);
      for (let i = 0; i < failed; i++) this.breaker.failed(this.options.clock.now(), failure.reason);
    });
    return stale;
  }

  /** Somebody wants it tried again, so the breaker lets it through. */
  async redrive(positions: readonly number[] | undefined): Promise<number> {
    const redriven = await this.oneAtATime(() => this.progress.redrive(positions));
    if (redriven > 0) this.resetBreaker();
    return redriven;
  }

  resetBreaker(): void {
    this.breaker.reset();
    this.wake();
  }

  flushWrites(all: boolean): ItemWrite[] {
    return this.progress.flushWrites(all);
  }

  /**
   * Ends every wait; leases are void, their events come again when the subscription is attached again. When it resolves,
   * nothing is being written any more, and what was settled is in `flushWrites`.
   */
  async close(): Promise<void> {
    this.closed = true;
    this.wake();
    await this.turn;
  }

  wake(): void {
    this.sleepers.wake();
  }

  stateOf(event: LoggedEvent): DeliveryState | undefined {
    return this.progress.stateOf(event);
  }

  historyOf(event: LoggedEvent): Pick<DeliveryState, 'history'> {
    const history = this.progress.notes.history(event.ledger.position);
    return history === undefined ? {} : { history };
  }

  stats(): Omit<SubscriptionStats, 'subscription' | 'module'> {
    const { delivered, failed, dead: deadLetters, latencies } = this.progress;
    const latencyMs = latencies.read();
    const measured = latencyMs === undefined ? {} : { latencyMs };
    return { delivered, failed, deadLetters, ...this.progress.counts(), breaker: this.breaker.state, ...measured };
  }

  private async take(max: number): Promise<ReceivedMessage[]> {
    if (this.closed) return [];
    const now = this.options.clock.now();
    const reason = `not acknowledged within ${this.subscription.ackTimeoutMs} ms`;
    // A subscriber that went away with many events in hand has failed once, not as often as it held events.
    if ((await this.recordFailures(this.progress.leases.late(now), { reason })) > 0) this.breaker.failed(now, reason);
    if (now < this.startsAt) return this.hold(this.startsAt);
    const verdict = this.breaker.ask(now);
    if (verdict.kind === 'wait') return this.hold(verdict.untilMs);
    this.heldUntil = undefined;
    if (verdict.kind === 'deliver') return this.offer(max, now, false);
    const probe = await this.offer(1, now, true);
    if (probe.length > 0) this.breaker.probing(verdict.breaker);
    return probe;
  }

  private hold(untilMs: number): [] {
    this.heldUntil = untilMs;
    return [];
  }

  /** @param isProbe what never failed shows best whether the subscriber is back, so it goes first */
  private async offer(max: number, nowMs: number, isProbe: boolean): Promise<ReceivedMessage[]> {
    const size = Math.min(max, this.subscription.buffer?.maxSize ?? max);
    for (let skipped = 0; skipped < MAX_SKIPPED && !this.closed;) {
      const candidates = await this.candidates(size, nowMs, isProbe);
      if (candidates.length === 0) return [];
      const goesAt = this.batchGoesAt(candidates, size);
      if (goesAt > nowMs) return this.hold(Math.min(goesAt, this.progress.cursor.dueAt)); // what becomes due may fill it
      // All conditions are read before anything is leased: a failure to read one must not leave leases nobody knows of.
      const met =
        this.condition === undefined ? undefined : await Promise.all(candidates.map((one) => this.isMet(one)));
      const messages: ReceivedMessage[] = [];
      candidates.forEach((candidate, i) => {
        // Asked last: nothing is waited for between the right and the lease.
        if (!this.progress.wants(candidate.arrival.event)) this.skip(candidate, NOT_WANTED);
        else if (!this.isReadable(candidate)) this.skip(candidate, NOT_READABLE);
        else if (met === undefined || met[i] === true) messages.push(this.lease(candidate));
        else this.skip(candidate, CONDITION_FALSE);
      });
      if (messages.length > 0) return messages;
      skipped += candidates.length;
      await letOthersIn(); // what is skipped may be a long history
    }
    return this.hold(nowMs);
  }

  private async candidates(size: number, nowMs: number, isProbe: boolean): Promise<readonly Candidate[]> {
    const { progress } = this;
    const retries: Candidate[] = [];
    for (const failure of progress.dueRetries(size, nowMs)) {
      const arrival = await this.options.log.at(failure.position);
      if (arrival === undefined) await progress.writeDeadLetter(failure);
      else retries.push({ arrival, attempt: failure.attempts + 1 });
    }
    await progress.fill(isProbe ? size : size - retries.length, nowMs);
    const fresh = progress.ready.slice(0, size).map((arrival) => ({ arrival, attempt: 1 }));
    return (isProbe ? [...fresh, ...retries] : [...retries, ...fresh]).slice(0, size);
  }

  /** A batch goes when it is full, or its oldest event has waited long enough. */
  private batchGoesAt(batch: readonly Candidate[], size: number): number {
    const { buffer } = this.subscription;
    if (buffer === undefined || batch.length >= size) return 0;
    return Math.min(...batch.map(({ arrival }) => msOf(arrival.recordedAt))) + buffer.maxDelayMs;
  }

  private isReadable({ arrival }: Candidate): boolean {
    return this.options.mayRead(this.subscription.module, arrival.event.entityId);
  }

  private async isMet({ arrival }: Candidate): Promise<boolean> {
    const facts = await this.options.readFacts(this.subscription.module, arrival.event.entityId);
    return this.condition?.(facts) ?? true;
  }

  private lease({ arrival, attempt }: Candidate): ReceivedMessage {
    const { ids, clock } = this.options;
    // It may have taken long to find: its time begins now.
    const { receipt }: Lease = this.progress.lease(arrival, attempt, clock.now() + this.subscription.ackTimeoutMs);
    const traceparent = deliveryTraceparent(arrival.event, (length) => ids.bytes(length));
    return { receipt, attempt, ...defined({ traceparent }), event: arrival.event };
  }

  private skip({ arrival }: Candidate, reason: string): void {
    const at = isoOf(this.options.clock.now());
    this.progress.settle(arrival, { at, outcome: 'skipped', reason });
  }

  /** @returns how many */
  private async recordFailures(
    leases: readonly Lease[],
    failure: { readonly reason: string; readonly delayMs?: number },
  ): Promise<number> {
    if (leases.length === 0) return 0;
    const failed = await this.progress.recordFailures(leases, failure);
    this.wake();
    return failed;
  }

  private nextDueMs(): number {
    const { leases, cursor } = this.progress;
    const now = this.options.clock.now();
    const due = Math.min(leases.nextExpiry(), this.progress.nextRetryAt(now), this.heldUntil ?? cursor.dueAt);
    return Math.max(1, due - now);
  }

  /** Takes and failures change the same books and wait for the store in between: one after the other. */
  private oneAtATime<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }
}
