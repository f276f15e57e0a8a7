/**
 * Works one pushed subscription: hands the dispatcher what the log has, sends what is due, and writes its state down. What failed
 * is durable before anything else is sent; what was delivered is written together with others, so that a crash sends it again.
 */
import { isoOf, msOf } from '../../../../core/brands/index.ts';
import {
  compileCondition,
  CONDITION_FALSE,
  dispatcherOf,
  type Dispatcher,
  NOT_READABLE,
  NOT_WANTED,
  pushedState,
  subscriptionMatcher,
  type BreakerChange,
  type DeliveredEvent,
  type DeliveryFacts,
  type DeliveryState,
  type LoggedEvent,
  type Outcome,
  type Sending,
  type SubscriptionStats,
  type WebhookAttempt,
  type WebhookSubscription,
} from '../../../../core/events/index.ts';
import { defined } from '../../../../core/values/index.ts';
import { AttemptLog } from './attempt-log.ts';
import type { Arrival } from '../event-log.ts';
import { Latencies } from '../latencies.ts';
import { LogCursor } from '../log-cursor.ts';
import { UNREADABLE, type PushedQueueOptions } from './options.ts';
import { PushedState } from './state.ts';
import { Sleepers } from '../sleepers.ts';

/** Fresh events taken from the log for each that may be on its way: the list is written down again and again. */
const AHEAD = 4;
/** Who does nothing looks again after this long, whatever it was told: a lost wake-up costs this much. */
const SWEEP_MS = 60_000;
/** Log positions passed by that may stay unwritten: they are only looked at again. */
const MAX_UNWRITTEN = 1_024;
const PAUSE_AFTER_ERROR_MS = 1_000;

export class PushedQueue {
  readonly subscription: WebhookSubscription;
  private readonly options: PushedQueueOptions;
  private readonly wants: (event: DeliveredEvent) => boolean;
  private readonly condition: ((facts: DeliveryFacts) => boolean) | undefined;
  private readonly sleepers: Sleepers;
  private readonly stopping = new AbortController();
  private readonly attempts: AttemptLog;
  private readonly latencies = new Latencies();
  private readonly deliveries = new Set<Promise<void>>();
  private dispatcher: Dispatcher;
  private cursor: LogCursor;
  private readonly kept: PushedState;
  /** what must be durable before anything else is sent */
  private barrier: Promise<void> = Promise.resolve();
  private isHeld = false;
  private isGone = false;
  private running: Promise<void> = Promise.resolve();
  private turn: Promise<unknown> = Promise.resolve();
  private delivered = 0;
  private failed = 0;
  private dead = 0;

  constructor(options: PushedQueueOptions) {
    const { subscription, ledger, clock, items } = options;
    this.options = options;
    this.subscription = subscription;
    this.kept = new PushedState({ ...options, id: subscription.id, read: () => this.dispatcher.state() });
    this.wants = subscriptionMatcher(ledger, subscription);
    this.condition = compileCondition(subscription.when);
    this.sleepers = new Sleepers(clock);
    this.attempts = new AttemptLog(items, ledger, subscription.id);
    this.dispatcher = dispatcherOf(this.subscription, { cursor: subscription.from, pending: [] });
    this.cursor = this.cursorAt(subscription.from);
  }

  async load(): Promise<void> {
    const state = await this.kept.load();
    if (state !== undefined) this.dispatcher = dispatcherOf(this.subscription, state);
    this.cursor = this.cursorAt(this.dispatcher.cursor);
    this.dead = await this.options.mailbox.countDead();
    await this.attempts.load();
  }

  /** Begins to send. A webhook whose receiver never said that it wants it waits. */
  start(): void {
    if (this.subscription.verifiedAt === undefined) return;
    this.running = this.run();
  }

  tell(arrival: Arrival): boolean {
    return this.cursor.tell(arrival);
  }

  fallBehind(): void {
    this.cursor.fallBehind();
    this.wake();
  }

  wake(): void {
    this.sleepers.wake();
  }

  /** Sends nothing more, waits for what is on its way, and writes down how it went. */
  async close(): Promise<void> {
    this.stopping.abort();
    this.wake();
    await this.running;
    await Promise.all(this.deliveries);
    await this.kept.close();
  }

  /** Sends nothing more, waits for the answers to what is on its way, and writes down how it went: another queue goes on. */
  async drain(): Promise<void> {
    this.isHeld = true;
    await Promise.all(this.deliveries);
    await this.close();
  }

  /** @param positions none: all. @returns how many dead letters are due again */
  async redrive(positions: readonly number[] | undefined): Promise<number> {
    const { mailbox, clock } = this.options;
    const chosen = await mailbox.chosenDead(positions);
    const redriven = chosen.filter(({ position, entity }) => this.dispatcher.redrive(position, entity, clock.now()));
    this.dead -= redriven.length;
    await this.kept.save(redriven.map(({ position }) => mailbox.forgetDead(position)));
    if (redriven.length > 0) this.resetBreaker();
    return redriven.length;
  }

  /** @returns false: it is not for this subscription, or there is no room */
  async resend(position: number): Promise<boolean> {
    const arrival = await this.options.log.at(position);
    if (arrival === undefined || !this.wants(arrival.event)) return false;
    if (!this.dispatcher.redrive(position, arrival.event.entityId, this.options.clock.now())) return false;
    await this.kept.save();
    this.wake();
    return true;
  }

  /** What is on its way ends first; dead letters from there on come again with the others. */
  async recover(position: number): Promise<void> {
    this.isHeld = true;
    try {
      await Promise.all(this.deliveries);
      await this.oneAtATime(() => this.rewind(position));
    } finally {
      this.isHeld = false;
    }
    this.wake();
  }

  resetBreaker(): void {
    const from = this.dispatcher.breakerState;
    this.dispatcher.reset();
    this.tellBreaker(from, 'reset');
    this.kept.saveSoon();
    this.wake();
  }

  newestAttempts(limit: number): readonly WebhookAttempt[] {
    return this.attempts.newest(limit);
  }

  /** An attempt that no event is behind. */
  async note(attempt: WebhookAttempt): Promise<void> {
    await this.kept.save([this.attempts.add(attempt)]);
  }

  stateOf(event: LoggedEvent): DeliveryState | undefined {
    if (!this.wants(event) || event.ledger.position < this.subscription.from) return undefined;
    const common = { subscription: this.subscription.id, ...this.historyOf(event) };
    return { ...common, ...pushedState(this.dispatcher, event.ledger.position, common.history?.at(-1)) };
  }

  historyOf(event: LoggedEvent): Pick<DeliveryState, 'history'> {
    const history = this.attempts.of(event.ledger.position);
    return history.length === 0 ? {} : { history };
  }

  stats(): Omit<SubscriptionStats, 'subscription' | 'module'> {
    const { inFlight, retrying, waiting, breakerState: breaker } = this.dispatcher;
    const { delivered, failed, dead: deadLetters } = this;
    const backlog = this.cursor.behind + waiting - inFlight - retrying;
    const latencyMs = this.latencies.read();
    return { delivered, failed, backlog, inFlight, retrying, deadLetters, breaker, ...defined({ latencyMs }) };
  }

  private async rewind(position: number): Promise<void> {
    const forgotten = await this.options.mailbox.forgetDeadFrom(position);
    this.dispatcher.rewind(position);
    this.cursor = this.cursorAt(this.dispatcher.cursor);
    this.dead -= forgotten.length;
    await this.kept.save(forgotten);
  }

  /** Reading the log and going back in it change the same cursor, and wait for the store in between. */
  private oneAtATime<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => undefined);
    return done;
  }

  private async run(): Promise<void> {
    const { clock, onError } = this.options;
    while (!this.stopping.signal.aborted) {
      const since = this.sleepers.times;
      try {
        await this.barrier;
        await this.oneAtATime(() => this.fill());
        this.sendDue();
      } catch (error) {
        onError(error);
        await clock.sleep(PAUSE_AFTER_ERROR_MS, this.stopping.signal);
        continue;
      }
      await this.sleepers.sleep(this.nextDueMs(), since, this.stopping.signal);
    }
  }

  private async fill(): Promise<void> {
    const now = this.options.clock.now();
    const { dispatcher } = this;
    const most = this.subscription.order === 'entity' ? Infinity : AHEAD * this.subscription.target.concurrency;
    await this.cursor.scan(now, ({ position, event }) => {
      if (dispatcher.waiting - dispatcher.retrying >= most) return false;
      return dispatcher.take(position, event.entityId, now);
    });
    dispatcher.passTo(this.cursor.position);
    if (dispatcher.cursor - this.kept.cursor >= MAX_UNWRITTEN) this.kept.saveSoon();
  }

  private sendDue(): void {
    if (this.isHeld || this.isGone) return;
    const { pool, clock } = this.options;
    for (;;) {
      if (this.dispatcher.inFlight >= this.subscription.target.concurrency || !pool.enter(this.dispatcher.inFlight > 0))
        return;
      const from = this.dispatcher.breakerState;
      const [sending] = this.dispatcher.send(clock.now(), 1);
      if (sending === undefined) {
        pool.leave();
        return;
      }
      this.tellBreaker(from);
      const delivery = this.deliver(sending)
        .catch((error: unknown) => {
          this.options.onError(error);
          this.dispatcher.settle(sending.position, { kind: 'withdrawn' }, clock.now(), 0);
          return clock.sleep(PAUSE_AFTER_ERROR_MS, this.stopping.signal);
        })
        .finally(() => {
          this.deliveries.delete(delivery);
          pool.leave();
          this.wake();
        });
      this.deliveries.add(delivery);
    }
  }

  private async deliver(sending: Sending): Promise<void> {
    const { log, mayRead, deliver, clock } = this.options;
    const { position, attempt } = sending;
    const arrival = await log.at(position);
    if (arrival === undefined) {
      await this.settle(sending, { kind: 'failed', isFinal: true, reason: UNREADABLE });
      return;
    }
    const { event } = arrival;
    const isMet = await this.isMet(event);
    // Asked last: nothing is waited for between the right and the sending.
    if (!this.wants(event)) await this.skip(sending, NOT_WANTED);
    else if (!mayRead(this.subscription.module, event.entityId)) await this.skip(sending, NOT_READABLE);
    else if (!isMet) await this.skip(sending, CONDITION_FALSE);
    else {
      const { outcome, attempt: told, goneFor } = await deliver(event, attempt, this.stopping.signal);
      const isStopped = this.stopping.signal.aborted && outcome.kind === 'failed';
      this.kept.add(this.attempts.add(told));
      if (outcome.kind === 'delivered') this.latencies.add(clock.now() - msOf(arrival.recordedAt));
      if (goneFor !== undefined) this.leave(goneFor);
      await this.settle(sending, isStopped ? { kind: 'withdrawn' } : outcome);
    }
  }

  /** Said once, and nothing is sent from then on: until it is paused, the event that waits would be refused again and again. */
  private leave(reason: string): void {
    if (this.isGone) return;
    this.isGone = true;
    this.options.onWebhook({ kind: 'gone', ...this.whose(), reason, at: this.options.clock.now() });
  }

  private async skip(sending: Sending, reason: string): Promise<void> {
    this.attempts.remember(sending.position, { at: isoOf(this.options.clock.now()), outcome: 'skipped', reason });
    await this.settle(sending, { kind: 'skipped' });
  }

  private async isMet(event: DeliveredEvent): Promise<boolean> {
    if (this.condition === undefined) return true;
    return this.condition(await this.options.readFacts(this.subscription.module, event.entityId));
  }

  private async settle({ position, entity }: Sending, outcome: Outcome): Promise<void> {
    const { clock, ids, mailbox } = this.options;
    const now = clock.now();
    const from = this.dispatcher.breakerState;
    const since = this.dispatcher.failingSince;
    const settled = this.dispatcher.settle(position, outcome, now, ids.random());
    if (outcome.kind === 'delivered') this.delivered += 1;
    if (outcome.kind !== 'failed') {
      this.tellBreaker(from);
      this.kept.saveSoon();
      return;
    }
    const { reason } = outcome;
    this.failed += 1;
    const isDead = settled.kind === 'dead-letter';
    if (isDead) this.dead += 1;
    const letter = { position, entity, attempts: settled.attempts, reason, at: now };
    this.barrier = this.kept.saveDurably(isDead ? mailbox.writeDead(letter) : [], this.stopping.signal);
    await this.barrier;
    this.tellBreaker(from, reason);
    for (const percent of settled.alerts)
      this.options.onWebhook({ kind: 'failing', ...this.whose(), percent, since: since ?? now });
  }

  private tellBreaker(from: BreakerChange['from'], reason?: string): void {
    const to = this.dispatcher.breakerState;
    if (from === to) return;
    this.options.onBreaker({ ...this.whose(), from, to, at: this.options.clock.now(), ...defined({ reason }) });
  }

  private whose(): { readonly subscription: string; readonly module: string } {
    return { subscription: this.subscription.id, module: this.subscription.module };
  }

  private nextDueMs(): number {
    const now = this.options.clock.now();
    const due = Math.min(this.dispatcher.dueAt(now), this.cursor.dueAt) - now;
    return Math.min(SWEEP_MS, Math.max(1, due));
  }

  private cursorAt(from: number): LogCursor {
    const { log, subscription } = this.options;
    const { delayMs = 0 } = subscription;
    return new LogCursor({ log, wants: this.wants, delayMs, from });
  }
}
