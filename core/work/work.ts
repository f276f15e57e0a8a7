/**
 * Claims of work: exactly one holds a piece of work at a time, until they end the claim or do not renew it in time. Every claim and
 * every end is an entry on the chain of the work; what is stored beside them becomes true with them.
 */
import { isoOf, later, type EpochMs } from '../brands/index.ts';
import {
  LedgerError,
  SYSTEM_ACTOR,
  type Actor,
  type Appender,
  type AppendRequest,
  type Clock,
  type EntryStore,
  type Ids,
  type ItemStore,
  type PlacedEntry,
} from '../ledger/index.ts';
import { must } from '../errors/index.ts';
import { actorOf, PolicyError, type Policy, type Principal } from '../policy/index.ts';
import { defined, MS_PER_SECOND } from '../values/index.ts';
import { WorkClaimed, WorkError } from './errors.ts';
import { fenceStale, workChain } from './fence.ts';
import { aloneLeaseClock, LEASE_GRACE_MS, sharedLeaseClock, type Lease, type LeaseClock } from './lease.ts';
import { claimerOf, reduceWork, type WorkState } from './lifecycle.ts';
import {
  claimInputSchema,
  completeInputSchema,
  parseInput,
  releaseInputSchema,
  renewInputSchema,
  stealInputSchema,
  type WorkRef,
} from './work-input.ts';
import { createWorkStore, type FoundWork, type WorkStore } from './work-store.ts';
import { WORK_SOURCE, type WorkStep } from './work-topics.ts';
import { createWorkQueries, maySee, unseen, viewOf, type WorkQueries, type WorkView } from './work-view.ts';

/** How often somebody may be faster before the caller is told. */
const MAX_TRIES = 32;

export interface Claimed {
  /** `claimed`: now; `held`: you held it already, and nothing was recorded */
  readonly status: 'claimed' | 'held';
  readonly workId: string;
  /** proves the claim wherever something is done under it; higher than that of every claim before */
  readonly fence: number;
  readonly since: string;
  /** renew it before then */
  readonly until: string;
}

export interface Work extends WorkQueries {
  /** @throws PolicyError FORBIDDEN, WorkError WORK_INVALID | WORK_CLAIMED | WORK_COMPLETED, LedgerError, as all here */
  claim(principal: Principal, input: unknown): Promise<Claimed>;
  /** Takes work from whoever holds it; their fence is stale from then on. Needs the right `steals`, too. */
  steal(principal: Principal, input: unknown): Promise<Claimed>;
  /** Begins a new term. @throws WorkError FENCE_STALE | WORK_NOT_FOUND, as those that follow */
  renew(principal: Principal, input: unknown): Promise<Claimed>;
  /** Gives the work up, for others to claim. Again: the same answer. */
  release(principal: Principal, input: unknown): Promise<WorkView>;
  /** The work is done. Again: the same answer. */
  complete(principal: Principal, input: unknown): Promise<WorkView>;
  /** Records the end of claims that nobody renewed in time. @returns how many */
  releaseOverdue(): Promise<number>;
}

export interface WorkDependencies {
  readonly ledger: string;
  readonly appender: Pick<Appender, 'append'>;
  readonly entries: Pick<EntryStore, 'head' | 'exclusive'>;
  readonly items: ItemStore;
  readonly policy: Pick<Policy, 'require' | 'may'>;
  readonly clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly ids: Pick<Ids, 'next'>;
}

export function createWork(deps: WorkDependencies): Work {
  const { ledger, entries, clock, policy } = deps;
  const store = createWorkStore(ledger, deps);
  const leases = entries.exclusive ? aloneLeaseClock(clock) : sharedLeaseClock(clock);
  const claims = new Claims({ ...deps, store, leases });
  return {
    ...createWorkQueries({ store, policy }),
    claim: (principal, input) => claims.take(principal, parseInput(claimInputSchema, input)),
    steal: (principal, input) => {
      const { reason, ...wanted } = parseInput(stealInputSchema, input);
      policy.require(principal, 'steals', wanted.workId);
      return claims.take(principal, wanted, reason);
    },
    renew: (principal, input) => claims.renew(principal, parseInput(renewInputSchema, input)),
    release: (principal, input) => {
      const { reason: why, ...ref } = parseInput(releaseInputSchema, input);
      return claims.end(principal, ref, { state: 'released', more: defined({ why }) });
    },
    complete: (principal, input) => {
      const { result, ...ref } = parseInput(completeInputSchema, input);
      return claims.end(principal, ref, { state: 'completed', more: defined({ result }) });
    },
    releaseOverdue: async () => {
      const open = await store.leases.all();
      const failed: unknown[] = [];
      let released = 0;
      for (const { workId, lease } of open) {
        if (lease !== undefined && !leases.isOver(lease)) continue;
        // What is wrong with one claim keeps no other from ending.
        const isReleased = await claims.expire(workId).catch((error: unknown) => void failed.push(error));
        if (isReleased === true) released += 1;
      }
      leases.keep(open);
      if (failed[0] instanceof Error) throw failed[0];
      return released;
    },
  };
}

interface ClaimsDependencies extends WorkDependencies {
  readonly store: WorkStore;
  readonly leases: LeaseClock;
}

interface Wanted {
  readonly workId: string;
  readonly ttlMs: number;
  readonly description?: string | undefined;
  readonly session?: string | undefined;
}

interface End {
  readonly state: 'released' | 'completed';
  readonly more: { readonly why?: string; readonly result?: string };
}

class Claims {
  private readonly deps: ClaimsDependencies;

  constructor(deps: ClaimsDependencies) {
    this.deps = deps;
  }

  /** @param why for what reason it is taken from whoever holds it; absent: only what nobody holds is claimed */
  async take(principal: Principal, { workId, ttlMs, session, description }: Wanted, why?: string): Promise<Claimed> {
    const { store, policy, leases } = this.deps;
    policy.require(principal, 'claims', workId);
    const by = claimerOf(principal);
    return this.untilRecorded(workId, async (found) => {
      const { state, lease } = found;
      if (state?.state === 'completed')
        throw refusal(
          'WORK_COMPLETED',
          `"${workId}" was completed by ${state.by} at ${state.endedAt}: claim other work`,
        );
      const held = state?.state === 'claimed' && lease !== undefined ? { state, lease } : undefined;
      const over = held !== undefined && leases.isOver(held.lease);
      if (held !== undefined && !over) {
        if (held.state.by === by && held.state.session === session) return claimedOf('held', held.state, held.lease);
        if (why === undefined) throw this.claimedBy(held.state, held.lease);
      }
      const ended = held && endOf(held.state, over ? { reason: 'expired' } : { reason: 'stolen', ...defined({ why }) });
      const payload = { workId, by, ttlMs, ...defined({ session, description }) };
      const actor = actorOf(principal);
      const steps: Told[] = [
        ...(ended === undefined ? [] : [{ step: ended, actor: over ? SYSTEM_ACTOR : actor }]),
        { step: { topic: 'work.claimed', payload }, actor },
      ];
      const writesOf = (now: WorkState, at: EpochMs) => {
        const leased = leaseOf(now, ttlMs, at);
        return held === undefined ? store.begun(found, now, leased) : store.followed(found, now, leased);
      };
      const now = await this.record(found, steps, writesOf);
      if (now === undefined) return undefined;
      const begun = leaseOf(now.state, ttlMs, now.at);
      leases.began(begun);
      return claimedOf('claimed', now.state, begun);
    });
  }

  async renew(
    principal: Principal,
    { workId, fence, ttlMs }: WorkRef & { ttlMs?: number | undefined },
  ): Promise<Claimed> {
    const { store, policy, items, clock, leases } = this.deps;
    policy.require(principal, 'claims', workId);
    return this.untilRecorded(workId, async ({ state, lease }) => {
      const held = standing(state, { workId, fence }, principal);
      if (lease === undefined) return undefined;
      const next = leaseOf(held, ttlMs ?? lease.ttlMs, clock.now());
      const written = await items.write(store.renewed(held, next, lease.version));
      if (written.kind === 'precondition') return undefined;
      leases.began(next);
      return claimedOf('held', held, next);
    });
  }

  async end(principal: Principal, ref: WorkRef, { state: end, more }: End): Promise<WorkView> {
    return this.untilRecorded(ref.workId, async (found) => {
      const { state } = found;
      if (state?.by !== claimerOf(principal) && !maySee(this.deps.policy, principal, ref.workId))
        throw unseen(ref.workId);
      const isDone = state?.state === end && state.fence === ref.fence && state.by === claimerOf(principal);
      if (isDone && (end === 'completed' || state.reason === 'released')) return viewOf(state, undefined);
      const held = standing(state, ref, principal);
      const step = end === 'completed' ? doneOf(held, more) : endOf(held, { reason: 'released', ...more });
      const steps = [{ step, actor: actorOf(principal) }];
      const now = await this.record(found, steps, (next) => this.deps.store.ended(found, next));
      return now && viewOf(now.state, undefined);
    });
  }

  /** @returns whether it was over, and its end is recorded */
  async expire(workId: string): Promise<boolean> {
    const found = await this.deps.store.find(workId);
    const { state, lease } = found;
    if (state?.state !== 'claimed' || lease === undefined || !this.deps.leases.isOver(lease)) return false;
    const steps = [{ step: endOf(state, { reason: 'expired' }), actor: SYSTEM_ACTOR }];
    // A renewal or an end in between wins: it changed what this was to find.
    return (await this.record(found, steps, (next) => this.deps.store.ended(found, next))) !== undefined;
  }

  /** @returns undefined: somebody was faster, and nothing was written */
  private async record(
    { state, seq }: FoundWork,
    steps: readonly Told[],
    writesOf: (now: WorkState, at: EpochMs) => ReturnType<NonNullable<AppendRequest['writes']>>,
  ): Promise<{ readonly state: WorkState; readonly at: EpochMs } | undefined> {
    const { appender, ids, clock } = this.deps;
    const at = clock.now();
    const chain = workChain(must(steps[0], 'a step').step.payload.workId);
    let after: WorkState | undefined;
    const result = await appender.append({
      entries: steps.map((told) => entryOf(chain, told, ids.next())),
      ...(seq === undefined ? {} : { after: { chain, seq } }),
      writes: (placed) => {
        after = reduced(state, steps, placed);
        return writesOf(after, at);
      },
    });
    return result.kind === 'appended' && after !== undefined ? { state: after, at } : undefined;
  }

  private async untilRecorded<Result>(
    workId: string,
    attempt: (found: FoundWork) => Promise<Result | undefined>,
  ): Promise<Result> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const done = await attempt(await this.deps.store.find(workId));
      if (done !== undefined) return done;
    }
    const message = `too many claimers of "${workId}"; nothing was written: try again after a pause`;
    throw new LedgerError({ code: 'LEDGER_BUSY', message });
  }

  private claimedBy({ workId, by, since }: WorkState, { until }: Lease): WorkClaimed {
    const waitMs = until + LEASE_GRACE_MS - this.deps.clock.now();
    const claim = { by, since, until: isoOf(until) };
    return new WorkClaimed(workId, claim, Math.max(1, Math.ceil(waitMs / MS_PER_SECOND)));
  }
}

interface Told {
  readonly step: WorkStep;
  readonly actor: Actor;
}

/** The claim that stands. @throws WorkError, PolicyError */
function standing(state: WorkState | undefined, ref: WorkRef, principal: Principal): WorkState {
  const by = claimerOf(principal);
  if (state === undefined) throw refusal('WORK_NOT_FOUND', `nobody ever claimed "${ref.workId}": check the id`);
  if (state.state !== 'claimed' || state.fence !== ref.fence) throw fenceStale(ref, by);
  if (state.by === by) return state;
  throw new PolicyError({
    code: 'FORBIDDEN',
    message: `"${ref.workId}" is held by ${state.by}: only they may do this`,
  });
}

function reduced(before: WorkState | undefined, steps: readonly Told[], placed: readonly PlacedEntry[]): WorkState {
  let state = before;
  for (const [i, { step, actor }] of steps.entries()) {
    const { seq, at } = placed[i] as PlacedEntry;
    const next = reduceWork(state, { ...step, actor, seq, at });
    if (typeof next === 'string') throw new Error(`the step would not be accepted: ${next}`);
    state = next;
  }
  return state as WorkState;
}

function entryOf(chain: string, { step, actor }: Told, id: string): AppendRequest['entries'][number] {
  const data = { topic: step.topic, version: 1, source: WORK_SOURCE, payload: { ...step.payload } };
  return { chain, idemKey: `event/${WORK_SOURCE}/${id}`, draft: { type: 'event', actor, idem: id, data } };
}

function endOf({ workId, by, session, fence }: WorkState, why: { reason: EndReason; why?: string }): WorkStep {
  return { topic: 'work.released', payload: { workId, by, fence, ...defined({ session }), ...why } };
}

type EndReason = 'released' | 'expired' | 'stolen';

function doneOf({ workId, by, session, fence }: WorkState, { result }: End['more']): WorkStep {
  return { topic: 'work.completed', payload: { workId, by, fence, ...defined({ session, result }) } };
}

function leaseOf({ workId, fence }: WorkState, ttlMs: number, now: EpochMs): Lease {
  return { workId, fence, ttlMs, until: later(now, ttlMs) };
}

function claimedOf(status: Claimed['status'], { workId, fence, since }: WorkState, { until }: Lease): Claimed {
  return { status, workId, fence, since, until: isoOf(until) };
}

function refusal(code: WorkError['code'], message: string): WorkError {
  return new WorkError({ code, message });
}
