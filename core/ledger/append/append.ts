/**
 * Appending: many concurrent callers, one queue per process, entries sealed in runs per chain and committed in groups.
 * Linearizable without a head item: `prev` is inside the hashed bytes and a place is put-if-absent, so a lost race is a
 * conflict that names the winner. While one batch is being committed the next is being signed. It knows no business rule.
 */
import { isoOf, msOf, type EpochMs } from '../../brands/index.ts';
import { toHex } from '../../canonical/index.ts';
import type {
  AppendedEntry,
  Appender,
  AppenderOptions,
  AppendRequest,
  AppendResult,
  PlacedEntry,
} from './append-types.ts';
import { createEntryClock } from '../entries/entry-clock.ts';
import { genesisHash, type EntryDraft, type SealedEntry } from '../entries/entry.ts';
import { LedgerError } from '../entries/errors.ts';
import type { CommitGroup } from '../entries/ports.ts';
import { entriesOf, groupOf, halfOf, type Pending, type Placed, type Planned, type Writing } from './append-batch.ts';
import { headAfter, HeadCache } from './head-cache.ts';
import { busy, unavailable } from './append-errors.ts';
import { Pace } from './pace.ts';
import { prepareRequest } from './prepare-request.ts';
import { asStored, readBack, type Outcome } from './read-back.ts';
import { planRuns, sealRuns, type Run } from './seal.ts';
import { isValidAt, KEY_REVOKED, type SessionKey } from './session-key.ts';
import { SessionKeys } from './session-keys.ts';

/** Entries sealed and committed together at most: keeps one commit in the low milliseconds. */
const MAX_BATCH_ENTRIES = 256;
/** Foreign writers met on one chain before the caller is told to back off. */
const MAX_ATTEMPTS = 64;
const BACKOFF_MAX_MS = 64;

export const createAppender = (options: AppenderOptions): Appender => new QueueingAppender(options);

class QueueingAppender implements Appender {
  private readonly options: AppenderOptions;
  private readonly heads: HeadCache;
  private queue: Pending[] = [];
  private committing: Promise<void> | undefined;
  private readonly pace = new Pace();
  private readonly now: () => EpochMs;
  private readonly sessionKeys: SessionKeys;
  /** chains with a commit under way, when the store has other writers */
  private readonly busyChains = new Set<string>();
  /** chains whose assumed head did not come true in the commit under way: what is being sealed on it is void */
  private readonly brokenChains = new Set<string>();

  constructor(options: AppenderOptions) {
    this.options = options;
    this.now = createEntryClock(options.clock);
    this.sessionKeys = new SessionKeys(options, this.now);
    this.heads = new HeadCache(async (chain) => {
      const head = await options.store.head(chain);
      return head === undefined ? { prev: genesisHash(options.origin, chain), seq: 0 } : headAfter(head);
    });
  }

  append(request: AppendRequest): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      const at = isoOf(this.now());
      const prepared = prepareRequest(this.options.ledger, request, at);
      this.enqueue({ request, at, prepared, resolve, reject, attempts: 0 });
    });
  }

  async sessionKey(): Promise<string> {
    return (await this.sessionKeys.fresh()).name;
  }

  async drain(): Promise<void> {
    while (this.committing !== undefined) await this.committing;
    await this.sessionKeys.settled();
  }

  private enqueue(pending: Pending): void {
    this.queue.push(pending);
    this.committing ??= Promise.resolve().then(() => this.commitPending());
  }

  /** A key signs only what is stamped while it is valid: what waited while the clock was set is stamped anew. */
  private async signerFor(batch: readonly Pending[]): Promise<SessionKey> {
    for (;;) {
      const signer = await this.sessionKeys.fresh();
      const outside = batch.filter(({ at }) => !isValidAt(signer, msOf(at)));
      if (outside.length === 0) return signer;
      for (const pending of outside) {
        pending.at = isoOf(this.now());
        pending.prepared = prepareRequest(this.options.ledger, pending.request, pending.at);
      }
    }
  }

  /**
   * One batch is gathered and signed while the one before it is written; two are never written at once, so commit order is sealing
   * order. A batch is handed to the store before the callers of the one before it go on: what they ask next is served while it
   * is written. Before a batch is taken, what has arrived is let in; but one request alone waits for nobody.
   */
  private async commitPending(): Promise<void> {
    let writing = this.write([]);
    for (;;) {
      const sealing = this.make(writing.placed);
      const [outcomes, sealed] = await Promise.all([writing.outcomes, sealing]);
      let next = this.answerCommitted(writing, outcomes) ? sealed : await this.settle(writing, outcomes, sealed);
      this.brokenChains.clear();
      if (this.options.store.exclusive && next.length > 0 && this.pace.isWorthMerging)
        next = [...next, ...(await this.letInMore())];
      writing = this.write(next);
      if (next.length === 0 && this.queue.length === 0) break;
    }
    this.committing = undefined;
  }

  /** The next batch, signed. */
  private async make(written: readonly Placed[]): Promise<readonly Placed[]> {
    const start = this.options.clock.now();
    if (written.length !== 1) await this.options.gather?.();
    const isIdle = written.length === 0;
    const sealed = await this.seal(await this.plan(this.takeBatch(isIdle)), isIdle);
    this.pace.made(entriesOf(sealed), this.options.clock.now() - start);
    return sealed;
  }

  /** What those who were answered ask next, for one write with what is signed already. */
  private async letInMore(): Promise<readonly Placed[]> {
    await this.options.gather?.();
    return this.seal(await this.plan(this.takeBatch(false)), false);
  }

  private isBuiltOnBrokenHead(placed: readonly Placed[]): boolean {
    const { brokenChains } = this;
    return brokenChains.size > 0 && placed.some(({ entries }) => entries.some(({ chain }) => brokenChains.has(chain)));
  }

  /** With no commit under way, so on heads that are true: a failed commit costs those behind it one more sealing, no try. */
  private async sealAgain(placed: readonly Placed[]): Promise<readonly Placed[]> {
    for (const one of placed) this.forgetHeads(one);
    return this.seal(await this.plan(placed.map(({ pending }) => pending)), true);
  }

  /**
   * The next requests in order. If other processes write to the store too, a run may only be built on a committed head
   * or within its own commit, so a request on a chain with a commit under way waits for a later batch. With nothing being
   * written, half of many is taken, unless the disk is slow: the other half is signed while the first is written, and so it goes on.
   */
  private takeBatch(isIdle: boolean): Pending[] {
    const batch: Pending[] = [];
    const held: Pending[] = [];
    /** chains that a later request may not overtake on */
    const taken = new Set(this.busyChains);
    const isHalved = isIdle && this.options.store.exclusive && this.pace.isWorthHalving;
    const limit = Math.min(MAX_BATCH_ENTRIES, isHalved ? halfOf(this.queue) : Infinity);
    let entries = 0;
    let index = 0;
    for (; index < this.queue.length && entries < limit; index++) {
      const pending = this.queue[index] as Pending;
      entries += pending.prepared.length;
      const chains = this.options.store.exclusive ? [] : pending.request.entries.map(({ chain }) => chain);
      const mustWait = chains.some((chain) => taken.has(chain));
      (mustWait ? held : batch).push(pending);
      for (const chain of chains) (mustWait ? taken : this.busyChains).add(chain);
    }
    this.queue = [...held, ...this.queue.slice(index)];
    return batch;
  }

  private async plan(batch: readonly Pending[]): Promise<Planned | undefined> {
    if (batch.length === 0) return undefined;
    try {
      const signer = await this.signerFor(batch);
      for (const { after } of batch.map(({ request }) => request))
        if (after !== undefined) this.heads.forgetUpTo(after.chain, after.seq);
      return { batch, signer, runs: await planRuns(batch, this.heads) };
    } catch (error) {
      this.refuseUnsigned(batch, error);
      return undefined;
    }
  }

  /** Hands the work to the sealer before its first wait, so that another core can begin at once. */
  private async seal(planned: Planned | undefined, callerIsIdle: boolean): Promise<Placed[]> {
    if (planned === undefined) return [];
    const { batch, signer, runs } = planned;
    try {
      return this.place(batch, runs, await sealRuns(runs, { ...this.options, signer, callerIsIdle }));
    } catch (error) {
      this.refuseUnsigned(batch, error);
      return [];
    }
  }

  private refuseUnsigned(batch: readonly Pending[], cause: unknown): void {
    this.heads.clear();
    this.release(batch.map((pending) => ({ pending })));
    const isBusy = cause instanceof LedgerError && cause.code === 'LEDGER_BUSY';
    const error = isBusy ? cause : unavailable('the entry was not written because it could not be signed', cause);
    for (const pending of batch) pending.reject(error);
  }

  /** Gives each request its sealed entries and advances the heads to what will be true when they are committed. */
  private place(
    batch: readonly Pending[],
    runs: readonly Run[],
    sealed: readonly (readonly SealedEntry[])[],
  ): Placed[] {
    const placed = batch.map((pending) => ({
      pending,
      entries: new Array<PlacedEntry>(),
      sealed: new Array<SealedEntry>(),
    }));
    runs.forEach((run, r) => {
      run.slots.forEach(({ request, entry }, i) => {
        const one = placed[request] as (typeof placed)[number];
        const bytes = sealed[r]?.[i] as SealedEntry;
        const seq = run.seq + i;
        const hash = toHex(bytes.hash);
        one.sealed[entry] = bytes;
        one.entries[entry] = { chain: run.chain, seq, hash, at: one.pending.at, draft: run.drafts[i] as EntryDraft };
        if (i === run.slots.length - 1) this.heads.set(run.chain, { prev: hash, seq: seq + 1 });
      });
    });
    return placed;
  }

  /** Hands over what is to be written, at once. */
  private write(placed: readonly Placed[]): Writing {
    const ready: { readonly one: Placed; readonly group: CommitGroup }[] = [];
    for (const one of placed) {
      try {
        const group = groupOf(one);
        if (group !== undefined) ready.push({ one, group });
        else this.withdraw(one);
      } catch (error) {
        this.forgetHeads(one);
        one.pending.reject(error as Error);
      }
    }
    return { placed, tried: ready.map(({ one }) => one), outcomes: this.storeGroups(ready) };
  }

  /** Answers all callers in this turn, so that none goes on before the next batch is handed over. @returns whether that was all */
  private answerCommitted({ placed, tried }: Writing, outcomes: readonly Outcome[]): boolean {
    if (this.brokenChains.size > 0 || outcomes.some(({ kind }) => kind !== 'committed')) return false;
    tried.forEach((one, i) => {
      this.answer(one, asStored(one, outcomes[i] as Extract<Outcome, { kind: 'committed' }>));
    });
    this.release(placed);
    return true;
  }

  /** @returns what was sealed meanwhile, sealed again if it was built on what did not come true */
  private async settle(
    { placed, tried }: Writing,
    outcomes: readonly Outcome[],
    sealed: readonly Placed[],
  ): Promise<readonly Placed[]> {
    const again = await Promise.all(tried.map(async (one, i) => this.resolveOne(one, outcomes[i] as Outcome)));
    this.release(placed);
    this.queue.unshift(...again.filter((pending) => pending !== undefined));
    return this.isBuiltOnBrokenHead(sealed) ? this.sealAgain(sealed) : sealed;
  }

  private withdraw(one: Placed): void {
    this.forgetHeads(one);
    one.pending.resolve({ kind: 'withdrawn' });
  }

  private async storeGroups(
    ready: readonly { readonly one: Placed; readonly group: CommitGroup }[],
  ): Promise<readonly Outcome[]> {
    if (ready.length === 0) return [];
    const { clock, store } = this.options;
    const start = clock.now();
    try {
      const outcomes = await store.commit(ready.map(({ group }) => group));
      this.pace.wrote(entriesOf(ready.map(({ one }) => one)), clock.now() - start);
      return outcomes;
    } catch (cause) {
      return Promise.all(ready.map(({ one }) => readBack(this.options.store, one, cause)));
    }
  }

  /** Answers the caller, or returns the request when it has to be tried again from a newer head. */
  private async resolveOne(one: Placed, outcome: Outcome): Promise<Pending | undefined> {
    const { pending } = one;
    if (outcome.kind === 'committed' || outcome.kind === 'recorded') {
      const entries = asStored(one, outcome);
      // Signed in another tree than the one it was tried in last: what is being built on that note is void.
      if (entries.some(({ hash }, i) => hash !== one.entries[i]?.hash)) this.forgetHeads(one);
      this.answer(one, entries);
      return undefined;
    }
    this.forgetHeads(one);
    switch (outcome.kind) {
      case 'precondition':
        pending.resolve(outcome);
        return undefined;
      case 'exists':
        return this.answerExisting(pending);
      case 'refused':
        pending.reject(outcome.error);
        return undefined;
      case 'unknown':
        pending.reject(unavailable('the outcome is not known', outcome.cause));
        return undefined;
      case 'absent':
        return this.retry(pending, unavailable('nothing was written', outcome.cause));
      case 'conflict': {
        const { chain, winner } = outcome;
        // No winner: an entry this one was built on did not make it, for a reason told to its own caller. Not our fault.
        if (winner === undefined) return pending;
        // Usually the winner is the head; if not, others wrote much in between, and the next try asks the store.
        if (pending.attempts === 0) this.heads.set(chain, headAfter(winner));
        return this.retry(pending, busy(chain));
      }
    }
  }

  private answer({ pending }: Placed, entries: readonly AppendedEntry[]): void {
    for (const { chain, draft } of entries)
      if (draft.type === KEY_REVOKED && draft.rootSigned === true) this.sessionKeys.drop(chain);
    this.options.onCommit?.(entries);
    pending.resolve({ kind: 'appended', entries });
  }

  private async answerExisting(pending: Pending): Promise<undefined> {
    try {
      const keys = pending.request.entries.map(({ idemKey }) => idemKey);
      const entries = await Promise.all(
        keys.map(async (key) => (key === undefined ? undefined : this.options.store.findByIdemKey(key))),
      );
      pending.resolve({ kind: 'exists', entries });
    } catch (error) {
      pending.reject(unavailable('the recorded entry could not be read', error));
    }
    return undefined;
  }

  private async retry(pending: Pending, giveUp: LedgerError): Promise<Pending | undefined> {
    pending.attempts += 1;
    if (pending.attempts >= MAX_ATTEMPTS) {
      pending.reject(giveUp);
      return undefined;
    }
    const ceilingMs = Math.min(BACKOFF_MAX_MS, 2 ** pending.attempts);
    await this.options.clock.sleep(ceilingMs * this.options.ids.random());
    return pending;
  }

  private forgetHeads(one: Placed): void {
    for (const { chain } of one.entries) {
      this.heads.forget(chain);
      this.brokenChains.add(chain);
    }
  }

  private release(batch: readonly { readonly pending: Pending }[]): void {
    if (!this.options.store.exclusive)
      for (const { pending } of batch) for (const { chain } of pending.request.entries) this.busyChains.delete(chain);
  }
}
