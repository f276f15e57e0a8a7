/**
 * One subscription's deliveries: a cursor over the log, leases on what is out, and exceptions being retried. Fresh
 * deliveries live in memory; the durable cursor never passes an event that is neither acknowledged nor written down as a
 * retry or dead letter. Nothing here waits for another subscription.
 */
import {
  afterFailure,
  subscriptionMatcher,
  type DeliveredEvent,
  type LoggedEvent,
  type ReceivedMessage,
  type Subscription,
} from '../../../core/events/index.ts';
import type { Clock, Ids, ItemWrite } from '../../../core/ledger/index.ts';
import { EntityOrder } from './entity-order.ts';
import type { EventLog } from './event-log.ts';
import type { Failure, Mailbox } from './mailbox.ts';
import { Sleepers } from './sleepers.ts';

/** Fresh events out or held back before the scan pauses: bounds memory, and what comes again after a crash. */
const MAX_OPEN = 10_000;
/** Log slots looked at per step, so that a subscription that wants little does not hog the thread. */
const SCAN_SLOTS = 512;

interface Lease {
  readonly receipt: string;
  readonly event: LoggedEvent;
  readonly attempt: number;
  readonly expiresAt: number;
}

export interface QueueOptions {
  readonly ledger: string;
  readonly subscription: Subscription;
  readonly log: EventLog;
  readonly mailbox: Mailbox;
  readonly clock: Clock;
  readonly ids: Ids;
}

export class SubscriptionQueue {
  readonly subscription: Subscription;
  delivered = 0;
  failed = 0;
  dead = 0;
  private readonly options: QueueOptions;
  private readonly wants: (event: DeliveredEvent) => boolean;
  /** next log position to look at */
  private cursor = 0;
  private savedCursor: number | undefined;
  /** fresh positions seen but not settled, ascending */
  private readonly open = new Set<number>();
  private readonly leases = new Map<string, Lease>();
  /** receipts whose failure is being written down: too late to acknowledge them */
  private readonly failing = new Set<string>();
  private readonly retries = new Map<number, Failure>();
  private readonly order: EntityOrder;
  /** retries settled since the last flush */
  private forgotten: number[] = [];
  private receipts = 0;
  private closed = false;
  private readonly sleepers: Sleepers;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(options: QueueOptions) {
    this.options = options;
    this.subscription = options.subscription;
    this.sleepers = new Sleepers(options.clock);
    this.order = new EntityOrder(options.subscription.order === 'entity');
    this.wants = subscriptionMatcher(options.ledger, options.subscription);
  }

  async load(): Promise<void> {
    const { mailbox, subscription } = this.options;
    this.savedCursor = await mailbox.loadCursor();
    this.cursor = this.savedCursor ?? subscription.from;
    for (const failure of await mailbox.loadRetries()) {
      this.retries.set(failure.position, failure);
      this.order.hold(failure.entity);
    }
    this.dead = await mailbox.countDead();
  }

  /** Leases up to `max` events, waiting up to `waitMs` for the first. */
  async receive(options: {
    readonly max: number;
    readonly waitMs: number;
    readonly signal?: AbortSignal;
  }): Promise<ReceivedMessage[]> {
    const { clock } = this.options;
    const until = clock.now() + options.waitMs;
    for (;;) {
      const messages = await this.oneAtATime(() => this.take(options.max));
      const left = until - clock.now();
      if (messages.length > 0 || left <= 0 || this.closed || options.signal?.aborted === true) return messages;
      await this.sleepers.sleep(Math.min(left, this.nextDueMs()), options.signal);
    }
  }

  /** @returns receipts that are not out (any more) */
  ack(receipts: readonly string[]): string[] {
    return receipts.filter((receipt) => {
      const lease = this.leases.get(receipt);
      if (lease === undefined || this.failing.has(receipt)) return true;
      this.settle(lease);
      this.delivered += 1;
      return false;
    });
  }

  /** Records failed deliveries durably. @returns receipts that are not out (any more) */
  async nack(
    receipts: readonly string[],
    failure: { readonly reason: string; readonly delayMs?: number },
  ): Promise<string[]> {
    const leases = [...new Set(receipts)]
      .map((receipt) => this.leases.get(receipt))
      .filter((lease) => lease !== undefined);
    const stale = receipts.filter((receipt) => !this.leases.has(receipt));
    await this.oneAtATime(() => this.recordFailures(leases, failure));
    return stale;
  }

  redrive(positions: readonly number[] | undefined): Promise<number> {
    return this.oneAtATime(() => this.makeDue(positions));
  }

  private async makeDue(positions: readonly number[] | undefined): Promise<number> {
    const { mailbox, clock } = this.options;
    const found =
      positions === undefined
        ? await mailbox.deadLetters({ limit: MAX_OPEN })
        : (await Promise.all([...new Set(positions)].map((position) => mailbox.deadLetter(position)))).filter(
            (one) => one !== undefined,
          );
    const due = found.map((failure) => ({ ...failure, attempts: 0, at: clock.now() }));
    if (due.length > 0) await mailbox.save(due.flatMap((failure) => mailbox.writeRedrive(failure)));
    for (const failure of due) {
      this.retries.set(failure.position, failure);
      this.order.hold(failure.entity);
    }
    this.dead -= due.length;
    this.wake();
    return due.length;
  }

  /** What has to be written for the settled events to stay settled. */
  flushWrites(): ItemWrite[] {
    const { mailbox } = this.options;
    const settled = this.settledUpTo();
    const writes = this.forgotten.map((position) => mailbox.forgetRetry(position));
    this.forgotten = [];
    if (settled !== this.savedCursor) writes.push(mailbox.writeCursor(settled));
    this.savedCursor = settled;
    return writes;
  }

  /** Ends every wait; leases are void, their events come again when the subscription is attached again. */
  close(): void {
    this.closed = true;
    this.wake();
  }

  wake(): void {
    this.sleepers.wake();
  }

  stateOf(
    event: LoggedEvent,
  ):
    | { state: 'pending' | 'in-flight' | 'delivered' }
    | { state: 'retrying'; attempts: number; reason: string }
    | undefined {
    const { position } = event.ledger;
    const failure = this.retries.get(position);
    if (failure !== undefined) return { state: 'retrying', attempts: failure.attempts, reason: failure.reason };
    if (position < this.subscription.from || !this.wants(event)) return undefined;
    if ([...this.leases.values()].some((lease) => lease.event.ledger.position === position))
      return { state: 'in-flight' };
    return { state: position >= this.cursor || this.open.has(position) ? 'pending' : 'delivered' };
  }

  counts(): { backlog: number; inFlight: number; retrying: number } {
    return {
      backlog: Math.max(0, this.options.log.size() - this.cursor),
      inFlight: this.leases.size,
      retrying: this.retries.size,
    };
  }

  private async take(max: number): Promise<ReceivedMessage[]> {
    await this.failLateLeases();
    const messages: ReceivedMessage[] = [];
    if (this.retries.size > 0) await this.takeRetries(messages, max);
    for (const event of this.order.takeReleased(max - messages.length)) messages.push(this.lease(event, 1));
    await this.takeFresh(messages, max);
    return messages;
  }

  /** Leases are kept in the order of their expiry, because all of a subscription last equally long. */
  private async failLateLeases(): Promise<void> {
    const now = this.options.clock.now();
    const late: Lease[] = [];
    for (const lease of this.leases.values()) {
      if (lease.expiresAt > now) break;
      late.push(lease);
    }
    if (late.length > 0)
      await this.recordFailures(late, { reason: `not acknowledged within ${this.subscription.ackTimeoutMs} ms` });
  }

  private async takeRetries(messages: ReceivedMessage[], max: number): Promise<void> {
    const now = this.options.clock.now();
    const out = new Set([...this.leases.values()].map(({ event }) => event.ledger.position));
    const entitiesSeen = new Set<string>();
    for (const failure of [...this.retries.values()].sort((a, b) => a.position - b.position)) {
      if (messages.length >= max) return;
      // In order: only the earliest of an entity may go, and while it is out or not yet due, none.
      const mustWait = this.subscription.order === 'entity' && entitiesSeen.has(failure.entity);
      entitiesSeen.add(failure.entity);
      if (mustWait || out.has(failure.position) || failure.at > now) continue;
      const event = await this.options.log.at(failure.position);
      if (event === undefined) await this.bury(failure);
      else messages.push(this.lease(event, failure.attempts + 1));
    }
  }

  /** Its stored entry was damaged since: it can never be delivered, and must not hold up those behind it. */
  private async bury(failure: Failure): Promise<void> {
    const { mailbox, clock } = this.options;
    const reason = 'the stored entry cannot be read: verify the ledger';
    await mailbox.save(mailbox.writeDead({ ...failure, reason, at: clock.now() }));
    this.retries.delete(failure.position);
    this.dead += 1;
    this.order.release(failure.entity);
  }

  private async takeFresh(messages: ReceivedMessage[], max: number): Promise<void> {
    while (messages.length < max && this.open.size < MAX_OPEN) {
      const read = this.options.log.read(this.cursor, SCAN_SLOTS);
      const page = read instanceof Promise ? await read : read;
      if (page.length === 0) return;
      for (const { position, event } of page) {
        if (messages.length >= max || this.open.size >= MAX_OPEN) return;
        this.cursor = position + 1;
        // A retry is on the books already: a crash came between writing it down and moving the cursor.
        if (event === undefined || !this.wants(event) || this.retries.has(position)) continue;
        this.open.add(position);
        if (this.order.admit(event)) messages.push(this.lease(event, 1));
      }
    }
  }

  private lease(event: LoggedEvent, attempt: number): ReceivedMessage {
    this.receipts += 1;
    const receipt = `${event.ledger.position}.${attempt}.${this.receipts}`;
    this.leases.set(receipt, {
      receipt,
      event,
      attempt,
      expiresAt: this.options.clock.now() + this.subscription.ackTimeoutMs,
    });
    return { receipt, attempt, event };
  }

  /** Takes a delivery off the books: acknowledged, or written down as failed. */
  private settle(lease: Lease): void {
    const { position } = lease.event.ledger;
    this.leases.delete(lease.receipt);
    this.open.delete(position);
    if (this.retries.delete(position)) this.forgotten.push(position);
    if (this.order.release(lease.event.entityId)) this.wake();
  }

  private async recordFailures(
    leases: readonly Lease[],
    failure: { readonly reason: string; readonly delayMs?: number },
  ): Promise<void> {
    const { mailbox, clock, ids } = this.options;
    const outs = leases.filter(({ receipt }) => this.leases.has(receipt));
    const failures = outs.map((lease) => {
      const next = afterFailure(this.subscription.retry, lease.attempt, ids.random());
      const waitMs = next.kind === 'retry' ? (failure.delayMs ?? next.afterMs) : 0;
      const { position, entity } = lease.event.ledger;
      return {
        lease,
        next,
        record: { position, entity, attempts: lease.attempt, reason: failure.reason, at: clock.now() + waitMs },
      };
    });
    const writes = failures.flatMap(({ next, record }) =>
      next.kind === 'retry' ? [mailbox.writeRetry(record)] : mailbox.writeDead(record),
    );
    for (const { receipt } of outs) this.failing.add(receipt);
    try {
      if (writes.length > 0) await mailbox.save(writes);
    } finally {
      for (const { receipt } of outs) this.failing.delete(receipt);
    }
    for (const { lease, next, record } of failures) {
      this.failed += 1;
      if (next.kind === 'retry') this.keepForRetry(lease, record);
      else {
        this.dead += 1;
        this.retries.delete(record.position); // its row is gone with the same write; forgetting it later could hit a redrive
        this.settle(lease);
      }
    }
    this.wake();
  }

  /** The failure is durable now, so the cursor may pass the event; its entity stays busy until it is settled. */
  private keepForRetry(lease: Lease, failure: Failure): void {
    this.leases.delete(lease.receipt);
    this.open.delete(failure.position);
    this.retries.set(failure.position, failure);
  }

  private settledUpTo(): number {
    for (const position of this.open) return position;
    return this.cursor;
  }

  private nextDueMs(): number {
    const now = this.options.clock.now();
    let due = Infinity;
    for (const { expiresAt } of this.leases.values()) {
      due = expiresAt;
      break;
    }
    for (const { at, position } of this.retries.values())
      if (at > now || !this.isOut(position)) due = Math.min(due, at);
    return Math.max(1, due - now);
  }

  private isOut(position: number): boolean {
    for (const { event } of this.leases.values()) if (event.ledger.position === position) return true;
    return false;
  }

  /** Takes and failures change the same books and wait for the store in between: one after the other. */
  private oneAtATime<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }
}
