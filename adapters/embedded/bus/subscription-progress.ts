/**
 * The books of one subscription: what it has seen of the log, what is out, what failed, what is settled. Fresh deliveries
 * live in memory; the durable cursor never passes an event that is neither settled nor written down as a retry or dead
 * letter. When something is delivered is the queue's business.
 */
import { isoOf, later, msOf, type EpochMs } from '../../../core/brands/index.ts';
import {
  afterFailure,
  subscriptionMatcher,
  type DeliveredEvent,
  type DeliveryAttempt,
  type DeliveryState,
  type LoggedEvent,
  type Subscription,
} from '../../../core/events/index.ts';
import type { Clock, Ids, ItemWrite } from '../../../core/ledger/index.ts';
import { defined, orNone } from '../../../core/values/index.ts';
import { DeliveryNotes } from './delivery-notes.ts';
import { EntityOrder } from './entity-order.ts';
import type { Arrival, EventLog } from './event-log.ts';
import { Latencies } from './latencies.ts';
import { Leases, type Lease } from './leases.ts';
import { LogCursor } from './log-cursor.ts';
import type { Failure, Mailbox } from './mailbox.ts';

/** Fresh events out or held back before the scan pauses: bounds memory, and what comes again after a crash. */
const MAX_OPEN = 10_000;
/** Log slots a cursor may pass without being written down: they are only looked at again. */
const MAX_UNWRITTEN = 1_024;

export interface SubscriptionProgressOptions {
  readonly ledger: string;
  readonly subscription: Subscription;
  readonly log: EventLog;
  readonly mailbox: Mailbox;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Told that something was settled, which has to be written down: `flushWrites`. */
  readonly onSettled: () => void;
}

export class SubscriptionProgress {
  delivered = 0;
  failed = 0;
  dead = 0;
  readonly leases = new Leases();
  /** fresh, wanted, due, and not held back by their order; leased or settled from the front */
  readonly ready: Arrival[] = [];
  readonly notes: DeliveryNotes;
  readonly latencies = new Latencies();
  cursor: LogCursor;
  /** asked again at each delivery: it may have been changed since the event was read from the log */
  wants: (event: DeliveredEvent) => boolean;
  private options: SubscriptionProgressOptions;
  private order: EntityOrder;
  private savedCursor: number | undefined;
  /** something was settled since the cursor was written down */
  private isUnwritten = false;
  /** fresh positions seen but not settled, ascending */
  private readonly open = new Set<number>();
  private readonly retries = new Map<number, Failure>();
  /** no retry that is not out is due before: spares looking through thousands of them at each delivery */
  private soonestRetry = Infinity;
  /** receipts whose failure is being written down: too late to acknowledge them */
  private readonly failing = new Set<string>();
  /** retries settled since the last flush */
  private forgotten: number[] = [];

  constructor(options: SubscriptionProgressOptions) {
    const { subscription, ledger, mailbox } = options;
    this.options = options;
    this.wants = subscriptionMatcher(ledger, subscription);
    this.order = new EntityOrder(subscription.order === 'entity');
    this.notes = new DeliveryNotes(mailbox);
    this.cursor = this.cursorAt(subscription.from);
  }

  async load(): Promise<void> {
    const { mailbox, subscription } = this.options;
    this.savedCursor = await mailbox.loadCursor();
    this.cursor = this.cursorAt(this.savedCursor ?? subscription.from);
    for (const failure of await mailbox.loadRetries()) this.keepForRetry(failure);
    this.dead = await mailbox.countDead();
    await this.notes.load();
  }

  /**
   * By other settings from now on. What is out and what is being retried stays so; what was read from the log and not given to
   * anybody waits its turn anew, and the log is read on where it was being read.
   */
  change(subscription: Subscription): void {
    const waiting = [...this.ready.splice(0), ...this.order.takeWaiting()].sort((a, b) => a.position - b.position);
    this.options = { ...this.options, subscription };
    this.wants = subscriptionMatcher(this.options.ledger, subscription);
    this.order = new EntityOrder(subscription.order === 'entity');
    for (const { entity } of this.retries.values()) this.order.hold(entity);
    for (const { position, event } of this.leases.arrivals())
      if (!this.retries.has(position)) this.order.hold(event.entityId);
    this.ready.push(...waiting.filter((arrival) => this.order.admit(arrival)));
    this.cursor = this.cursorAt(this.cursor.position);
  }

  /** Reads on in the log until so many are ready, or there is no more. */
  async fill(size: number, nowMs: number): Promise<void> {
    this.ready.push(...this.order.takeReleased());
    await this.cursor.scan(nowMs, (arrival) => {
      if (this.ready.length >= size || this.open.size >= MAX_OPEN) return false;
      // A retry is on the books already: a crash came between writing it down and moving the cursor.
      if (this.retries.has(arrival.position)) return true;
      this.open.add(arrival.position);
      if (this.order.admit(arrival)) this.ready.push(arrival);
      return true;
    });
  }

  /** Retries that may go now, in log order; in order, only the earliest of an entity, and none while that is out. */
  dueRetries(max: number, nowMs: number): readonly Failure[] {
    if (nowMs < this.soonestRetry) return [];
    this.soonestRetry = Infinity;
    const due: Failure[] = [];
    const entitiesSeen = new Set<string>();
    for (const failure of [...this.retries.values()].sort((a, b) => a.position - b.position)) {
      const mustWait = this.options.subscription.order === 'entity' && entitiesSeen.has(failure.entity);
      entitiesSeen.add(failure.entity);
      if (this.leases.isOut(failure.position)) continue;
      this.soonestRetry = Math.min(this.soonestRetry, failure.at);
      if (!mustWait && failure.at <= nowMs && due.length < max) due.push(failure);
    }
    return due;
  }

  /** When the next retry is due that is not yet; Infinity: none. */
  nextRetryAt(nowMs: number): number {
    if (this.soonestRetry > nowMs) return this.soonestRetry;
    let next = Infinity;
    for (const { at } of this.retries.values()) if (at > nowMs) next = Math.min(next, at);
    return next;
  }

  lease(arrival: Arrival, attempt: number, expiresAt: number): Lease {
    this.takeFromReady(arrival);
    return this.leases.grant(arrival, attempt, expiresAt);
  }

  /** The receipt's lease, unless it is over, or its failure is being written down. */
  leaseOf(receipt: string): Lease | undefined {
    return this.failing.has(receipt) ? undefined : this.leases.get(receipt);
  }

  acknowledge(lease: Lease, nowMs: EpochMs): void {
    this.leases.end(lease);
    this.settle(lease.arrival, { at: isoOf(nowMs), outcome: 'delivered' });
    this.delivered += 1;
    this.latencies.add(nowMs - msOf(lease.arrival.recordedAt));
  }

  /** Takes an event off the books for good. */
  settle(arrival: Arrival, attempt: DeliveryAttempt): void {
    const { position, event } = arrival;
    this.takeFromReady(arrival);
    this.open.delete(position);
    if (this.retries.delete(position)) this.forgotten.push(position);
    this.order.release(event.entityId);
    this.notes.add(position, attempt);
    this.settled();
  }

  /** Durable on return, or the leases are still out. @returns how many of them were */
  async recordFailures(
    leases: readonly Lease[],
    failure: { readonly reason: string; readonly delayMs?: number },
  ): Promise<number> {
    const { mailbox, clock } = this.options;
    const now = clock.now();
    const failures = leases
      .filter(({ receipt }) => this.leases.get(receipt) !== undefined)
      .map((lease) => this.judge(lease, failure, now));
    const writes = failures.flatMap(({ isDead, record }) =>
      isDead ? mailbox.writeDead(record) : [mailbox.writeRetry(record)],
    );
    for (const { lease } of failures) this.failing.add(lease.receipt);
    try {
      if (writes.length > 0) await mailbox.save(writes);
    } finally {
      for (const { lease } of failures) this.failing.delete(lease.receipt);
    }
    const attempt: DeliveryAttempt = { at: isoOf(now), outcome: 'failed', reason: failure.reason };
    for (const { lease, isDead, record } of failures) {
      this.failed += 1;
      this.leases.end(lease);
      if (isDead) this.die(lease.arrival, attempt);
      else this.holdForRetry(record, attempt);
    }
    return failures.length;
  }

  /** Its stored entry was damaged since: it can never be delivered, and must not hold up those behind it. */
  async writeDeadLetter(failure: Failure): Promise<void> {
    const { mailbox, clock } = this.options;
    const reason = 'the stored entry cannot be read: verify the ledger';
    await mailbox.save(mailbox.writeDead({ ...failure, reason, at: clock.now() }));
    this.retries.delete(failure.position);
    this.dead += 1;
    this.order.release(failure.entity);
  }

  /** @returns how many dead letters are due again */
  async redrive(positions: readonly number[] | undefined): Promise<number> {
    const { mailbox, clock } = this.options;
    const found =
      positions === undefined
        ? await mailbox.deadLetters({ limit: MAX_OPEN })
        : (await Promise.all([...new Set(positions)].map((position) => mailbox.deadLetter(position)))).filter(
            (one) => one !== undefined,
          );
    const due = found.map((failure) => ({ ...failure, attempts: 0, at: clock.now() }));
    if (due.length > 0) await mailbox.save(due.flatMap((failure) => mailbox.writeRedrive(failure)));
    for (const failure of due) this.keepForRetry(failure);
    this.dead -= due.length;
    return due.length;
  }

  /** What has to be written for the settled events to stay settled. @param all also a cursor that only passed by */
  flushWrites(all: boolean): ItemWrite[] {
    const { mailbox, subscription } = this.options;
    const settled = this.settledUpTo();
    const moved = settled - (this.savedCursor ?? subscription.from);
    const writes = [...this.forgotten.map((position) => mailbox.forgetRetry(position)), ...this.notes.takeWrites()];
    this.forgotten = [];
    if (moved !== 0 && (all || this.isUnwritten || moved >= MAX_UNWRITTEN)) {
      writes.push(mailbox.writeCursor(settled));
      this.savedCursor = settled;
    }
    this.isUnwritten = false;
    return writes;
  }

  /** How it stands with an event; undefined when the subscription does not want it. Dead letters are not in these books. */
  stateOf(event: LoggedEvent): DeliveryState | undefined {
    const { id: subscription, from, mode } = this.options.subscription;
    const { position } = event.ledger;
    const history = this.notes.history(position);
    const common = { subscription, ...defined({ history }) };
    const failure = this.retries.get(position);
    if (failure !== undefined)
      return { ...common, state: 'retrying', attempts: failure.attempts, reason: failure.reason };
    if (position < from || !this.wants(event)) return undefined;
    if (this.leases.isOut(position)) return { ...common, state: 'in-flight' };
    if (position >= this.cursor.position || this.open.has(position)) return { ...common, state: 'pending' };
    if (history?.at(-1)?.outcome === 'skipped') return { ...common, state: 'skipped' };
    const isUnknown = mode === 'conditional' && history === undefined && this.notes.isForgotten(position);
    return { ...common, state: isUnknown ? 'settled' : 'delivered' };
  }

  counts(): { backlog: number; inFlight: number; retrying: number } {
    return {
      backlog: this.cursor.behind + this.ready.length,
      inFlight: this.leases.size,
      retrying: this.retries.size,
    };
  }

  private takeFromReady(arrival: Arrival): void {
    if (this.ready[0] === arrival) this.ready.shift();
  }

  private cursorAt(from: number): LogCursor {
    const { log, subscription } = this.options;
    return new LogCursor({ log, wants: this.wants, delayMs: orNone(subscription.delayMs), from });
  }

  private judge(
    lease: Lease,
    failure: { readonly reason: string; readonly delayMs?: number },
    nowMs: EpochMs,
  ): { readonly lease: Lease; readonly isDead: boolean; readonly record: Failure } {
    const { subscription, ids } = this.options;
    const next = afterFailure(subscription.retry, lease.attempt, ids.random());
    const waitMs = next.kind === 'retry' ? (failure.delayMs ?? next.afterMs) : 0;
    const { position, event } = lease.arrival;
    const record = { position, entity: event.entityId, attempts: lease.attempt, reason: failure.reason };
    return { lease, isDead: next.kind === 'dead-letter', record: { ...record, at: later(nowMs, waitMs) } };
  }

  private die(arrival: Arrival, attempt: DeliveryAttempt): void {
    this.dead += 1;
    this.retries.delete(arrival.position); // its row is gone with the same write; forgetting it later could hit a redrive
    this.settle(arrival, attempt);
  }

  /** The failure is durable now, so the cursor may pass the event; its entity stays busy until it is settled. */
  private holdForRetry(failure: Failure, attempt: DeliveryAttempt): void {
    this.open.delete(failure.position);
    this.addRetry(failure);
    this.notes.add(failure.position, attempt);
    this.settled();
  }

  private settled(): void {
    this.isUnwritten = true;
    this.options.onSettled();
  }

  private keepForRetry(failure: Failure): void {
    this.addRetry(failure);
    this.order.hold(failure.entity);
  }

  private addRetry(failure: Failure): void {
    this.retries.set(failure.position, failure);
    this.soonestRetry = Math.min(this.soonestRetry, failure.at);
  }

  private settledUpTo(): number {
    for (const position of this.open) return position;
    return this.cursor.position;
  }
}
