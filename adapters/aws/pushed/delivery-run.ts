/**
 * One run of a pushed subscription: hands the dispatcher what the log has, sends what is due, writes its state down. It holds the
 * subscription for itself by a lease in the state, which each write renews. What failed is durable before anything else is sent; what
 * was delivered is written together with others, so that a run that dies sends it again and loses nothing.
 */
import { isoOf, later } from '../../../core/brands/index.ts';
import {
  CONDITION_FALSE,
  compileCondition,
  deliveryTraceparent,
  dispatcherOf,
  isWebhook,
  MAX_PENDING,
  NOT_READABLE,
  NOT_WANTED,
  type BreakerState,
  type DeliveredEvent,
  type DeliveryFacts,
  type Dispatcher,
  type Outcome,
  type PushedSubscription,
  type Sending,
} from '../../../core/events/index.ts';
import type { ItemWrite } from '../../../core/ledger/index.ts';
import { defined } from '../../../core/values/index.ts';
import { wantedBy } from '../bus/directory.ts';
import { BesideState } from './beside-state.ts';
import { LogReader, type Found } from './log-reader.ts';
import type { RunDependencies } from './run-dependencies.ts';
import type { KeptState, Request } from './pushed-items.ts';
import { longestMs } from './send-event.ts';

/** Until somebody else may take over from a run that died. */
export const LEASE_MS = 30_000;
const RENEW_MS = 10_000;
/** What was delivered may stay unwritten so long, and new events unseen. */
const FLUSH_MS = 250;
/** Settings and rights are as old as this at most when an event is sent. */
const VIEW_MS = 1_000;
/** Something that is due so soon is waited for. */
const LINGER_MS = 2_000;
/** Fresh events taken from the log for each that may be on its way: the list is written down again and again. */
const AHEAD = 4;
/** Of a transaction, beside the state. */
const MAX_TOGETHER = 50;

/** Somebody else has the subscription, or nobody: what this run would still do is no business of its any more. */
export class RunLost extends Error {
  override readonly name = 'RunLost';
}

export class DeliveryRun {
  private readonly deps: RunDependencies;
  private readonly id: string;
  private readonly log: LogReader;
  private readonly deliveries = new Set<Promise<void>>();
  private readonly stopping = new AbortController();
  private settings: Settings;
  /** others, which count when nothing is on its way any more */
  private changed: PushedSubscription | undefined;
  private dispatcher: Dispatcher;
  private version: number;
  private seenAt: number;
  private lookedAt = 0;
  private savedAt: number;
  private isDirty = false;
  private isUrgent = false;
  private failure: Error | undefined;
  private unwritten: ItemWrite[] = [];
  private readonly beside: BesideState;
  /** the receiver wants nothing any more */
  private isGone = false;
  /** what is on its way has to end before anything else is sent */
  private waitsForQuiet = false;
  private readonly takenRequests = new Set<string>();

  constructor(deps: RunDependencies, id: string, subscription: PushedSubscription, kept: KeptState) {
    this.deps = deps;
    this.id = id;
    this.settings = settingsOf(deps.ledger, subscription);
    this.dispatcher = dispatcherOf(subscription, kept.state);
    this.version = kept.version;
    this.beside = new BesideState(deps, kept.state.attempts);
    this.log = new LogReader(deps);
    this.seenAt = deps.clock.now();
    this.savedAt = deps.clock.now();
  }

  /** Until there is nothing to do, or `endsAt`. @returns when there is something to do again. @throws RunLost */
  async work(endsAt: number): Promise<number> {
    const { clock } = this.deps;
    try {
      await this.takeRequests();
      for (;;) {
        const isServed = await this.isServed();
        const isOpen = isServed && !this.isGone && !this.waitsForQuiet;
        const mayBegin = isOpen && clock.now() + longestMs(this.subscription) < endsAt;
        if (isServed) await this.fill();
        if (this.isUrgent || this.isDue()) await this.save();
        if (mayBegin && this.changed === undefined) this.sendDue();
        if (this.deliveries.size > 0) {
          await this.somethingEnds();
          continue;
        }
        const waitMs = this.nextDueAt() - clock.now();
        if (!mayBegin || waitMs > LINGER_MS) break;
        if (waitMs > 0) await clock.sleep(waitMs);
      }
      await this.save({ isLast: true });
      return this.nextDueAt();
    } finally {
      this.stopping.abort();
    }
  }

  private get subscription(): PushedSubscription {
    return this.settings.subscription;
  }

  /** Settings, status and rights may have changed, and somebody may have asked for something. */
  private async isServed(): Promise<boolean> {
    const { clock, served, ledger } = this.deps;
    if (clock.now() - this.seenAt >= VIEW_MS) {
      const subscription = await served(this.subscription.id);
      if (subscription?.createdAt !== this.subscription.createdAt) return false;
      this.seenAt = clock.now();
      this.changed = subscription.changedAt === this.subscription.changedAt ? undefined : subscription;
      await this.takeRequests();
    }
    if (this.waitsForQuiet && this.deliveries.size === 0) await this.takeRequests();
    if (this.changed !== undefined && this.deliveries.size === 0) {
      this.settings = settingsOf(ledger, this.changed);
      this.dispatcher = dispatcherOf(this.changed, this.dispatcher.state());
      this.changed = undefined;
    }
    return true;
  }

  private async takeRequests(): Promise<void> {
    const { items } = this.deps;
    for (const { key, request } of await items.requests(this.subscription)) {
      if (this.takenRequests.has(key.sk)) continue;
      if (!(await this.take(request))) return; // it stays, and those after it
      this.takenRequests.add(key.sk);
      this.unwritten.unshift({ kind: 'delete', key, expect: 'any' });
      this.isUrgent = true;
    }
  }

  /** @returns false: there is no room for all of it, or something is on its way that has to end first */
  private async take(request: Request): Promise<boolean> {
    const { letters, clock } = this.deps;
    if (request.kind === 'recover') {
      this.waitsForQuiet = this.deliveries.size > 0;
      if (this.waitsForQuiet) return false;
      // The request stands until the state is written: a crash in between recovers once more.
      await letters.eraseFrom(this.subscription.id, request.from);
      this.dispatcher.rewind(request.from);
      this.log.rewind();
      return true;
    }
    const events = request.kind === 'redrive' ? request.events : request.kind === 'resend' ? [request] : [];
    if (this.dispatcher.waiting + events.length > MAX_PENDING) return false;
    for (const { position, entity } of events) this.dispatcher.redrive(position, entity, clock.now());
    if (request.kind !== 'resend') {
      const from = this.dispatcher.breakerState;
      this.dispatcher.reset();
      this.tellBreaker(from, 'reset');
    }
    return true;
  }

  /** Takes from the log what is wanted and due, until there is enough to do. */
  private async fill(): Promise<void> {
    const now = this.deps.clock.now();
    if (this.log.stand === 'end' && now - this.lookedAt < FLUSH_MS) return;
    const { dispatcher, subscription } = this;
    const most = subscription.order === 'entity' ? Infinity : AHEAD * subscription.target.concurrency;
    const before = dispatcher.cursor;
    await this.log.scan(dispatcher.cursor, {
      ...{ subscription, now, wants: this.settings.wants },
      take: (position, entity) =>
        dispatcher.waiting - dispatcher.retrying < most && dispatcher.take(position, entity, now),
      pass: (position) => dispatcher.passTo(position),
    });
    if (this.log.stand === 'end') this.lookedAt = now;
    this.isDirty ||= dispatcher.cursor > before;
  }

  private sendDue(): void {
    const { clock } = this.deps;
    const room = this.subscription.target.concurrency - this.dispatcher.inFlight;
    const from = this.dispatcher.breakerState;
    for (const sending of this.dispatcher.send(clock.now(), room)) {
      const delivery = this.deliver(sending)
        .catch((error: unknown) => {
          this.failure ??= error instanceof Error ? error : new Error(String(error)); // thrown by the loop: the run ends, and what it did not write is done again
        })
        .finally(() => this.deliveries.delete(delivery));
      this.deliveries.add(delivery);
    }
    this.tellBreaker(from);
  }

  private async somethingEnds(): Promise<void> {
    const { clock } = this.deps;
    const done = new AbortController();
    await Promise.race([...this.deliveries, clock.sleep(FLUSH_MS, done.signal)]);
    done.abort();
    if (this.failure !== undefined) throw this.failure;
  }

  private async deliver(sending: Sending): Promise<void> {
    const { send, mayRead, readFacts, ids } = this.deps;
    const { subscription, wants, condition } = this.settings;
    const found = await this.log.at(sending.position);
    const event = found?.recorded?.event;
    if (event === undefined) {
      const reason = 'the stored entry cannot be read: verify the ledger';
      await this.settle(sending, found, { kind: 'failed', isFinal: true, reason });
      return;
    }
    const isMet = condition === undefined || condition(await readFacts(subscription.module, event.entityId));
    // Asked last: nothing is waited for between the right and the sending.
    const skipped = !wants(event)
      ? NOT_WANTED
      : !mayRead(subscription.module, event.entityId)
        ? NOT_READABLE
        : isMet
          ? undefined
          : CONDITION_FALSE;
    if (skipped !== undefined) {
      await this.note(event, { outcome: 'skipped', reason: skipped });
      await this.settle(sending, found, { kind: 'skipped' });
      return;
    }
    const traceparent = deliveryTraceparent(event, (length) => ids.bytes(length));
    const told = { attempt: sending.attempt, ...defined({ traceparent }), event };
    const sent = await send(subscription, told, this.stopping.signal);
    if (sent.attempt !== undefined) this.beside.log(subscription, sent.attempt);
    if (sent.goneFor !== undefined) this.leave(sent.goneFor);
    await this.settle(sending, found, sent.outcome);
  }

  /** Said once, and nothing is sent from then on: until it is paused, the event that waits would be refused again and again. */
  private leave(reason: string): void {
    if (!this.isGone) this.beside.tell({ kind: 'gone', ...this.whose(), reason, at: this.deps.clock.now() });
    this.isGone = true;
  }

  private async settle(
    { position, entity, attempt }: Sending,
    found: Found | undefined,
    outcome: Outcome,
  ): Promise<void> {
    const { clock, ids, onSettled, letters } = this.deps;
    const from = this.dispatcher.breakerState;
    const since = this.dispatcher.failingSince;
    const now = clock.now();
    const settled = this.dispatcher.settle(position, outcome, now, ids.random());
    const { id } = this.subscription;
    const isDead = settled.kind === 'dead-letter';
    const reason = outcome.kind === 'failed' ? outcome.reason : undefined;
    this.isDirty = true;
    this.isUrgent ||= reason !== undefined;
    // Where the log has nothing at all, there is nothing that could be looked at or tried again.
    if (isDead && found !== undefined && reason !== undefined)
      this.unwritten.push(
        letters.letterWrite(id, { position, entity, seq: found.seq, attempts: settled.attempts, reason, at: now }),
      );
    this.tellBreaker(from, reason);
    if (isWebhook(this.subscription))
      for (const percent of settled.alerts)
        this.beside.tell({ kind: 'failing', ...this.whose(), percent, since: since ?? now });
    onSettled({ subscription: id, outcome: outcome.kind, isDead, ...defined({ reason }) });
    const event = found?.recorded?.event;
    if (event === undefined) return;
    if (reason !== undefined) await this.note(event, { outcome: 'failed', reason });
    else if (outcome.kind === 'delivered' && attempt > 1) await this.note(event, { outcome: 'delivered' });
  }

  private note(
    { ledger: { entity: chain, seq } }: DeliveredEvent,
    attempt: { readonly outcome: 'delivered' | 'failed' | 'skipped'; readonly reason?: string },
  ): Promise<void> {
    const { notes, clock } = this.deps;
    return notes.add(this.subscription, [{ chain, seq }], { at: isoOf(clock.now()), ...attempt });
  }

  /** Something waits to be written, or the lease to be renewed. */
  private isDue(): boolean {
    const ageMs = this.deps.clock.now() - this.savedAt;
    return ageMs >= RENEW_MS || (this.isDirty && ageMs >= FLUSH_MS);
  }

  /** @throws RunLost */
  private async save({ isLast = false }: { readonly isLast?: boolean } = {}): Promise<void> {
    const { items, clock } = this.deps;
    await this.beside.written();
    const now = clock.now();
    // At one moment: what is settled while this is written belongs to the next time.
    const run = { id: this.id, until: later(now, LEASE_MS) };
    const state = { ...this.dispatcher.state(), ...this.beside.attempts, ...(isLast ? {} : { run }) };
    const [more, early] = [this.unwritten.slice(0, MAX_TOGETHER), this.unwritten.slice(MAX_TOGETHER)];
    [this.unwritten, this.isDirty, this.isUrgent] = [[], false, false];
    // Letters of events that still stand in the state: a crash in between delivers them once more.
    for (const write of early) await items.write(write);
    if (!(await items.save(this.subscription, { state, version: this.version }, more))) {
      // The store also says no to a write of ours whose answer was lost: then it still is ours.
      const kept = await items.load(this.subscription);
      if (kept?.state.run?.id !== this.id || !(await items.save(this.subscription, { ...kept, state }, more)))
        throw new RunLost(`subscription "${this.subscription.id}" is worked on by another run, or was removed`);
      this.version = kept.version;
    }
    this.version += 1;
    this.savedAt = now;
  }

  private nextDueAt(): number {
    const now = this.deps.clock.now();
    return this.log.stand === 'more' ? now : Math.min(this.dispatcher.dueAt(now), this.log.dueAt);
  }

  private tellBreaker(from: BreakerState, reason?: string): void {
    const to = this.dispatcher.breakerState;
    if (from !== to)
      this.deps.onBreaker({ ...this.whose(), from, to, at: this.deps.clock.now(), ...defined({ reason }) });
  }

  private whose(): { readonly subscription: string; readonly module: string } {
    return { subscription: this.subscription.id, module: this.subscription.module };
  }
}

/** What follows from the settings alone, made once. */
interface Settings {
  readonly subscription: PushedSubscription;
  readonly wants: (event: DeliveredEvent) => boolean;
  readonly condition: ((facts: DeliveryFacts) => boolean) | undefined;
}

function settingsOf(ledger: string, subscription: PushedSubscription): Settings {
  return { subscription, wants: wantedBy(ledger, subscription), condition: compileCondition(subscription.when) };
}
