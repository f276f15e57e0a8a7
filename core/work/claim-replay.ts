/**
 * Replays who held which work, from entries alone: each claim and each end has to follow from those before it on the chain of the work, and
 * whatever was done under a claim names one that stood, of whoever did it. Chains are replayed in their order. Where the order of the
 * log is not that of the commits, times say whether the claim stood, and a minute is left between clocks.
 */
import { msOf } from '../brands/index.ts';
import type { EntryBody } from '../ledger/index.ts';
import { defined } from '../values/index.ts';
import { workChain } from './fence.ts';
import { claimerOf, reduceWork, type WorkState } from './lifecycle.ts';
import type { WorkRef } from './work-input.ts';
import { readWorkStep, WORK_SOURCE } from './work-topics.ts';

const NOTHING_YET = { newest: 0, steps: 0, effects: 0 };

/** A reading of the clock and the time of the entry it led to are never further apart; nor are two clocks. */
const CLOCK_SLACK_MS = 60_000;
/** What is recorded is in the log within a day, so nothing that was done under a claim comes later than that. */
const LATE_MS = 86_400_000;

export interface BrokenClaim {
  /** log index */
  readonly position: number;
  readonly verdict: 'CLAIM_INVALID' | 'STALE_EFFECT';
  readonly reason: string;
}

export interface ClaimedEntry {
  readonly body: EntryBody;
  /** log index */
  readonly position: number;
}

/** Something done under a claim. */
interface Effect {
  readonly by: string;
  readonly at: number;
  readonly position: number;
}

interface Held {
  readonly by: string;
  /** milliseconds since the Unix epoch */
  readonly from: number;
  until?: number;
  /** of what was done under it, the latest by its time */
  last?: Effect;
}

/** Plain data: where it was left off. */
export interface ClaimReplayState {
  readonly works: ReadonlyMap<string, WorkState>;
  readonly claims: ReadonlyMap<string, Held>;
  readonly early: ReadonlyMap<string, readonly Effect[]>;
  readonly newest: number;
  readonly first: BrokenClaim | undefined;
  readonly steps: number;
  readonly effects: number;
}

export interface ClaimOutcome {
  readonly broken?: BrokenClaim;
  /** claims and their ends */
  readonly steps: number;
  /** what was done under them */
  readonly effects: number;
}

export class ClaimReplay {
  private readonly isOrdered: boolean;
  /** claimed or completed; what was released is as if it had never been claimed */
  private readonly works: Map<string, WorkState>;
  /** those that stand, and where the order of the log is another, those that ended within a day */
  private readonly claims: Map<string, Held>;
  /** what came before its claim in the log */
  private readonly early: Map<string, readonly Effect[]>;
  private newest: number;
  private first: BrokenClaim | undefined;
  private readonly counts;

  /** @param isOrdered the order of the log is that of the commits */
  constructor({ isOrdered, from }: { readonly isOrdered: boolean; readonly from?: ClaimReplayState | undefined }) {
    this.isOrdered = isOrdered;
    this.works = new Map(from?.works);
    this.claims = new Map(from?.claims);
    this.early = new Map(from?.early);
    const { newest, steps, effects } = from ?? NOTHING_YET;
    this.newest = newest;
    this.first = from?.first;
    this.counts = { steps, effects };
  }

  state(): ClaimReplayState {
    const { works, claims, early, newest, first, counts } = this;
    return { works, claims, early, newest, first, ...counts };
  }

  /** An event: a claim, its end, or something done under one. Others are of no matter here. */
  event(entry: ClaimedEntry): void {
    const { data, actor } = entry.body;
    if (data['source'] === WORK_SOURCE) this.step(entry);
    else if (data['work'] !== undefined) this.effect(entry, data['work'] as WorkRef, claimerOf(actor));
  }

  /** Something done under a claim of theirs. */
  effect({ body, position }: ClaimedEntry, { workId, fence }: WorkRef, by: string): void {
    this.counts.effects += 1;
    const effect = { by, at: msOf(body.at), position };
    const key = keyOf(workId, fence);
    const held = this.claims.get(key);
    if (held !== undefined) this.under(held, effect, key);
    else if (this.isOrdered) this.stale(effect, key);
    else this.early.set(key, [...(this.early.get(key) ?? []), effect]);
  }

  end(): ClaimOutcome {
    for (const [key, effects] of this.early) for (const effect of effects) this.stale(effect, key);
    return { ...this.counts, ...defined({ broken: this.first }) };
  }

  private step(entry: ClaimedEntry): void {
    this.counts.steps += 1;
    const { body, position } = entry;
    const { entity, data, actor, at, seq } = body;
    const step = readWorkStep(data['topic'], data['payload']);
    if (step === undefined || entity !== workChain(step.payload.workId)) {
      this.note({ position, verdict: 'CLAIM_INVALID', reason: 'it tells of no claim on this chain' });
      return;
    }
    const { workId } = step.payload;
    const before = this.works.get(workId);
    const after = reduceWork(before, { ...step, actor, at, seq });
    if (typeof after === 'string') {
      this.note({ position, verdict: 'CLAIM_INVALID', reason: after });
      return;
    }
    const { state, by, fence, since, session } = after;
    if (state === 'released') this.works.delete(workId);
    else this.works.set(workId, { workId, state, by, fence, since, ...defined({ session }) });
    const key = keyOf(workId, fence);
    if (state === 'claimed') this.began(key, by, msOf(at));
    else this.ended(key, msOf(at));
  }

  private began(key: string, by: string, from: number): void {
    const held: Held = { by, from };
    this.claims.set(key, held);
    for (const effect of this.early.get(key) ?? []) this.under(held, effect, key);
    this.early.delete(key);
  }

  private ended(key: string, at: number): void {
    const held = this.claims.get(key);
    this.claims.delete(key);
    if (held === undefined || this.isOrdered) return;
    const { last } = held;
    if (last !== undefined && last.at > at + CLOCK_SLACK_MS) this.stale(last, key);
    this.claims.set(key, { ...held, until: at }); // behind all that ended before
    this.newest = Math.max(this.newest, at);
    for (const [old, { until }] of this.claims) {
      if (until === undefined) continue;
      if (until > this.newest - LATE_MS) break;
      this.claims.delete(old);
    }
  }

  private under(held: Held, effect: Effect, key: string): void {
    const { by, from, until = Infinity } = held;
    const isWithin = this.isOrdered || (effect.at >= from - CLOCK_SLACK_MS && effect.at <= until + CLOCK_SLACK_MS);
    if (effect.by !== by || !isWithin) this.stale(effect, key);
    else if (effect.at > (held.last?.at ?? -Infinity)) held.last = effect;
  }

  private stale({ by, position }: Effect, key: string): void {
    const reason = `it was done under a claim of ${by} with ${key}, and none stood`;
    this.note({ position, verdict: 'STALE_EFFECT', reason });
  }

  private note(found: BrokenClaim): void {
    if (this.first === undefined || found.position < this.first.position) this.first = found;
  }
}

function keyOf(workId: string, fence: number): string {
  return `fence ${fence} of "${workId}"`;
}
