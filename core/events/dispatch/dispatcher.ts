/**
 * Decides what is delivered when to one pushed subscription, and what follows from how it went. Pure: it is told of the log, of
 * the time and of answers, and both engines drive it. Delivery is at least once, in the order of each entity where that is asked for.
 */
import { later, type EpochMs } from '../../brands/index.ts';
import { askBreaker, breakerAfter, createBreaker, type Breaker, type BreakerSettings } from '../../guard/index.ts';
import { defined } from '../../values/index.ts';
import { afterWebhookFailure, type Failing, type FailingAlert } from '../webhooks/webhook-failing.ts';
import { nextAttemptAt } from '../webhooks/webhook-schedule.ts';
import { MAX_PENDING, type DispatchState, type Pending } from './dispatch-state.ts';
import { quietAfter } from './quiet.ts';

export interface DispatchRules {
  /** an event waits while an earlier one of its entity is not done with */
  readonly ordered: boolean;
  /** two events of one entity are never on their way at the same time, whatever their order; default: they may be */
  readonly apart?: boolean;
  readonly breaker: Partial<BreakerSettings>;
  /** ms from one sending to the next, at least; absent: none */
  readonly paceMs?: number;
  /** waits before each attempt, in ms */
  readonly schedule: readonly number[];
}

/** An event to send now. */
export interface Sending {
  readonly position: number;
  readonly entity: string;
  /** 1 for the first */
  readonly attempt: number;
  readonly isRedriven: boolean;
}

/** How a delivery ended. */
export type Outcome =
  | { readonly kind: 'delivered' }
  /** not wanted after all: its condition is not met, or its entity must not be read */
  | { readonly kind: 'skipped' }
  | {
      readonly kind: 'failed';
      readonly reason: string;
      readonly retryAfterMs?: number;
      /** the receiver is busy: nothing else is sent to it meanwhile */
      readonly slow?: boolean;
      /** it is never wanted again */
      readonly isFinal?: boolean;
    }
  /** nothing was tried, or nothing is wanted any more: it stays as it was. `quietMs`: nobody takes anything meanwhile */
  | { readonly kind: 'withdrawn'; readonly quietMs?: number };

/** What follows from it. */
export interface Settled {
  /** `stale`: nobody waits for it any more */
  readonly kind: 'done' | 'retry' | 'dead-letter' | 'stale';
  /** deliveries of it that failed, this one included */
  readonly attempts: number;
  readonly dueAt?: EpochMs;
  /** of the time after which the subscription is disabled, in per cent; at 100 it has to be */
  readonly alerts: readonly FailingAlert[];
}

export class Dispatcher {
  private readonly rules: DispatchRules;
  private next: number;
  private readonly pending = new Map<number, Pending>();
  /** in order: entity → the position that others of it wait for */
  private readonly first = new Map<string, number>();
  private readonly out = new Set<number>();
  private size = 0;
  private breaker: Breaker;
  private quietUntil: EpochMs | undefined;
  private pacedUntil: EpochMs | undefined;
  private failing: Failing | undefined;

  constructor(rules: DispatchRules, { cursor, pending, breaker, quietUntil, pacedUntil, failing }: DispatchState) {
    this.rules = rules;
    this.next = cursor;
    this.breaker = breaker === undefined ? createBreaker(rules.breaker) : { ...breaker, ...settingsOf(rules) };
    this.quietUntil = quietUntil;
    this.pacedUntil = rules.paceMs === undefined ? undefined : pacedUntil;
    this.failing = failing;
    for (const one of pending) this.add(one);
  }

  /** Everything before this log position was looked at. */
  get cursor(): number {
    return this.next;
  }

  get breakerState(): Breaker['state'] {
    return this.breaker.state;
  }

  /** Since when nothing but failure came of it. */
  get failingSince(): EpochMs | undefined {
    return this.failing?.since;
  }

  get isFull(): boolean {
    return this.size >= MAX_PENDING;
  }

  /** Events that are not done with. */
  get waiting(): number {
    return this.size;
  }

  get inFlight(): number {
    return this.out.size;
  }

  get retrying(): number {
    let retrying = 0;
    for (const { attempts } of this.pending.values()) if (attempts > 0) retrying += 1;
    return retrying;
  }

  /** An event that the subscription wants, in the order of the log. @returns false: there is no room, and the cursor stays */
  take(position: number, entity: string, nowMs: EpochMs): boolean {
    if (this.isFull) return false;
    this.passTo(position + 1);
    if (this.pending.has(position)) return true;
    const before = this.rules.ordered ? this.first.get(entity) : undefined;
    const first = before === undefined ? undefined : this.pending.get(before);
    if (first === undefined) this.add({ position, entity, attempts: 0, dueAt: nowMs });
    else this.replace({ ...first, behind: [...behindOf(first), position] });
    return true;
  }

  /** What is before this log position was looked at, and none of it is wanted but what was taken. */
  passTo(position: number): void {
    this.next = Math.max(this.next, position);
  }

  /** What is to be sent now: it is on its way until it is settled. Of what is due, the earliest in the log goes first. */
  send(nowMs: EpochMs, max: number): readonly Sending[] {
    if (this.quietUntil !== undefined && this.quietUntil > nowMs) return [];
    if (this.isPaced(nowMs)) return [];
    const due = [...this.pending.values()].filter((one) => one.dueAt <= nowMs && !this.out.has(one.position));
    if (due.length === 0 || max <= 0) return [];
    const verdict = askBreaker(this.breaker, nowMs);
    if (verdict.kind === 'wait') return [];
    due.sort((a, b) => a.position - b.position);
    if (this.rules.apart === true) this.keepApart(due);
    if (verdict.kind === 'probe') {
      // What never failed shows best whether the receiver is back.
      const probe = due.find(({ attempts }) => attempts === 0) ?? due[0];
      this.breaker = verdict.breaker;
      return probe === undefined ? [] : [this.sent(probe, nowMs)];
    }
    return due.slice(0, this.rules.paceMs === undefined ? max : 1).map((one) => this.sent(one, nowMs));
  }

  /** How a delivery ended. @param random uniform in [0, 1) */
  settle(position: number, outcome: Outcome, nowMs: EpochMs, random: number): Settled {
    const one = this.pending.get(position);
    const wasOut = this.out.delete(position);
    if (one === undefined || !wasOut) return { kind: 'stale', attempts: 0, alerts: [] };
    switch (outcome.kind) {
      case 'withdrawn':
        if (outcome.quietMs !== undefined) this.quietUntil = later(nowMs, outcome.quietMs);
        return { kind: 'retry', attempts: one.attempts, dueAt: one.dueAt, alerts: [] };
      case 'skipped':
        this.remove(one, nowMs);
        return { kind: 'done', attempts: one.attempts, alerts: [] };
      case 'delivered':
        this.breaker = breakerAfter(this.breaker, 'success', nowMs);
        this.failing = undefined;
        this.quietUntil = undefined;
        this.remove(one, nowMs);
        return { kind: 'done', attempts: one.attempts, alerts: [] };
      case 'failed':
        return this.failed(one, outcome, nowMs, random);
    }
  }

  /** When there may be something to send again; Infinity: when something comes, or is settled. */
  dueAt(nowMs: EpochMs): number {
    let dueAt = Infinity;
    for (const one of this.pending.values()) if (!this.out.has(one.position)) dueAt = Math.min(dueAt, one.dueAt);
    if (dueAt === Infinity) return dueAt;
    const verdict = askBreaker(this.breaker, Math.max(dueAt, nowMs));
    const quiet = [this.quietUntil, this.isPaced(nowMs) ? this.pacedUntil : undefined].filter((at) => at !== undefined);
    return Math.max(dueAt, ...(verdict.kind === 'wait' ? [verdict.untilMs] : []), ...quiet);
  }

  /** Delivers an event once more, with fresh attempts. @returns false: there is no room */
  redrive(position: number, entity: string, nowMs: EpochMs): boolean {
    if (this.pending.has(position)) return true;
    if (this.isFull) return false;
    this.add({ position, entity, attempts: 0, dueAt: nowMs, redriven: true });
    return true;
  }

  /** Looks at the log from here on again. Nothing may be on its way. */
  rewind(position: number): void {
    if (position >= this.next) return;
    this.next = position;
    for (const one of [...this.pending.values()]) {
      const behind = behindOf(one).filter((other) => other < position);
      if (one.position >= position) this.forget(one);
      else this.replace(withBehind(one, behind));
    }
  }

  /** Somebody says that the receiver is back. */
  reset(): void {
    this.breaker = createBreaker(this.rules.breaker);
    this.quietUntil = undefined;
    this.failing = undefined;
  }

  isPending(position: number): 'in-flight' | 'pending' | { readonly attempts: number } | undefined {
    const one = this.pending.get(position);
    if (one === undefined) return this.isBehind(position) ? 'pending' : undefined;
    if (this.out.has(position)) return 'in-flight';
    return one.attempts === 0 ? 'pending' : { attempts: one.attempts };
  }

  state(): DispatchState {
    const { breaker, quietUntil, pacedUntil, failing } = this;
    const isUnused = breaker.state === 'closed' && breaker.failed === 0;
    return {
      cursor: this.next,
      pending: [...this.pending.values()],
      ...(isUnused ? {} : { breaker }),
      ...defined({ quietUntil, pacedUntil, failing }),
    };
  }

  private failed(
    one: Pending,
    { retryAfterMs, slow = false, isFinal = false }: Extract<Outcome, { readonly kind: 'failed' }>,
    nowMs: EpochMs,
    random: number,
  ): Settled {
    const attempts = one.attempts + 1;
    const { failing, alerts } = afterWebhookFailure(this.failing, nowMs);
    this.failing = failing;
    this.breaker = breakerAfter(this.breaker, 'failure', nowMs);
    if (slow) this.quietUntil = quietAfter(nowMs, { attempts, ...defined({ retryAfterMs }) });
    const dueAt = isFinal
      ? undefined
      : nextAttemptAt(this.rules.schedule, { attempts, nowMs, random, ...defined({ retryAfterMs }) });
    if (dueAt === undefined) {
      this.remove(one, nowMs);
      return { kind: 'dead-letter', attempts, alerts };
    }
    this.replace({ ...one, attempts, dueAt });
    return { kind: 'retry', attempts, dueAt, alerts };
  }

  /** A time further away than the pace is from a clock that was set back since. */
  private isPaced(nowMs: EpochMs): boolean {
    const { pacedUntil } = this;
    const { paceMs = 0 } = this.rules;
    return pacedUntil !== undefined && pacedUntil > nowMs && pacedUntil - nowMs <= paceMs;
  }

  /** Leaves of each entity the first, and none of an entity that has one on its way. */
  private keepApart(due: Pending[]): void {
    const taken = new Set([...this.out].map((position) => this.pending.get(position)?.entity));
    const first = due.filter(({ entity }) => !taken.has(entity) && taken.add(entity));
    due.splice(0, due.length, ...first);
  }

  private sent(one: Pending, nowMs: EpochMs): Sending {
    this.out.add(one.position);
    if (this.rules.paceMs !== undefined) this.pacedUntil = later(nowMs, this.rules.paceMs);
    const { position, entity, attempts, redriven = false } = one;
    return { position, entity, attempt: attempts + 1, isRedriven: redriven };
  }

  private add(one: Pending): void {
    this.pending.set(one.position, one);
    this.size += 1 + behindOf(one).length;
    if (this.rules.ordered && one.redriven !== true) this.first.set(one.entity, one.position);
  }

  private forget(one: Pending): void {
    this.pending.delete(one.position);
    this.size -= 1 + behindOf(one).length;
    if (this.first.get(one.entity) === one.position) this.first.delete(one.entity);
  }

  private replace(one: Pending): void {
    const before = this.pending.get(one.position);
    if (before !== undefined) this.forget(before);
    this.add(one);
  }

  /** It is done with: the next one of its entity takes its place. */
  private remove(one: Pending, nowMs: EpochMs): void {
    this.forget(one);
    const [position, ...behind] = behindOf(one);
    if (position === undefined) return;
    this.add(withBehind({ position, entity: one.entity, attempts: 0, dueAt: nowMs }, behind));
  }

  private isBehind(position: number): boolean {
    return this.pending.values().some((one) => behindOf(one).includes(position));
  }
}

function behindOf({ behind }: Pending): readonly number[] {
  return behind === undefined ? [] : behind;
}

function withBehind({ behind: _, ...one }: Pending, behind: readonly number[]): Pending {
  return behind.length === 0 ? one : { ...one, behind };
}

function settingsOf({ breaker }: DispatchRules): BreakerSettings {
  const { failures, probeAfterMs } = createBreaker(breaker);
  return { failures, probeAfterMs };
}
