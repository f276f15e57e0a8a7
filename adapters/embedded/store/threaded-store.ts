/**
 * The store of a running engine: it reads on the thread that serves, and writes on one of its own, so that waiting for the disk keeps
 * nobody from being served. A few entries, with nothing else under way, are written here: whoever is alone would wait longer for
 * the other thread than for the write. The file is what both share: what was answered is read by whoever asks next. A
 * writing thread that ended is not begun anew; whoever writes is told, and what was acknowledged is safe.
 */
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import {
  LedgerError,
  type CommitGroup,
  type CommitOutcome,
  type EntryStore,
  type Item,
  type ItemKey,
  type ItemStore,
  type ItemWrite,
  type LoggedEntry,
  type StoredEntry,
} from '../../../core/ledger/index.ts';
import { SqliteStore, type StoreOptions } from './sqlite-store.ts';
import { errorOf, packGroups, unpackOutcomes, type WriteMessage, type WriteReply } from './write-messages.ts';
import type { WriteResult, WriteWork } from './write-messages.ts';

/** Entries up to which a commit that meets no other is written on the calling thread. */
const INLINE_ENTRIES = 3;
/** Pages that this thread keeps of the file: it reads, and each commit of the other makes them old. */
const CACHE_KIB = 8_192;
/** Young objects of the writing thread: a few groups under way. */
const YOUNG_MB = 8;

interface Waiting {
  readonly resolve: (result: WriteResult) => void;
  readonly reject: (error: Error) => void;
}

export interface ThreadedStoreOptions extends Pick<StoreOptions, 'onStored' | 'onTamper'> {
  readonly dataDir: string;
  /** default INLINE_ENTRIES */
  readonly inlineEntries?: number;
  /** Told once when the thread that writes ended though nobody closed the store. Must not throw. */
  readonly onEnded?: (error: Error) => void;
}

export class ThreadedStore implements EntryStore, ItemStore {
  /** the folder lock keeps every other writer out */
  readonly exclusive = true;
  readonly indexesAtCommit = true;
  private readonly here: SqliteStore;
  private readonly inlineEntries: number;
  private readonly options: ThreadedStoreOptions;
  private readonly worker: Worker;
  private readonly waiting = new Map<number, Waiting>();
  private jobs = 0;
  private ended: Error | undefined;
  private isClosing = false;

  /** @param db opened for writing: checked and up to date */
  constructor(db: DatabaseSync, options: ThreadedStoreOptions) {
    const { dataDir, inlineEntries = INLINE_ENTRIES, ...told } = options;
    db.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
    this.inlineEntries = inlineEntries;
    this.options = options;
    this.here = new SqliteStore(db, { ...told, isShared: true });
    this.worker = new Worker(new URL('./writing-worker.ts', import.meta.url), {
      workerData: { dataDir },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    this.worker.unref();
    this.worker.on('message', (reply: WriteReply) => this.answer(reply));
    this.worker.on('error', (error) => this.end(error instanceof Error ? error : new Error(String(error))));
    this.worker.on('exit', () => this.end(new Error('the writing thread ended')));
  }

  async commit(groups: readonly CommitGroup[]): Promise<readonly CommitOutcome[]> {
    const entries = groups.reduce((sum, group) => sum + group.entries.length, 0);
    // With the thread gone nobody writes, so that what fails is one thing and not half of the writes.
    if (entries <= this.inlineEntries && this.waiting.size === 0 && this.ended === undefined)
      return this.here.commit(groups);
    const packed = packGroups(groups);
    const result = await this.ask({ kind: 'commit', groups: packed }, [packed.bytes.buffer]);
    if (result.kind !== 'commit') throw unexpected(result);
    const outcomes = unpackOutcomes(result.outcomes, groups);
    const stored = groups.filter((_, i) => outcomes[i]?.kind === 'committed').flatMap(({ entries }) => entries);
    this.options.onStored?.(stored);
    return outcomes;
  }

  async write(writes: readonly ItemWrite[]): Promise<{ kind: 'written' } | { kind: 'precondition'; failed: ItemKey }> {
    const result = await this.ask({ kind: 'write', writes });
    if (result.kind !== 'write') throw unexpected(result);
    return result.failed === undefined ? { kind: 'written' } : { kind: 'precondition', failed: result.failed };
  }

  /** Writes what is there already, durably, and tells whether the thread that writes is there. @throws LedgerError STORE_UNAVAILABLE */
  probe(): void {
    if (this.ended !== undefined) throw unavailable(this.ended);
    this.here.probe();
  }

  head(chain: string): Promise<StoredEntry | undefined> {
    return this.here.head(chain);
  }

  read(chain: string, from: number, limit: number): Promise<readonly StoredEntry[]> {
    return this.here.read(chain, from, limit);
  }

  findByIdemKey(idemKey: string): Promise<StoredEntry | undefined> {
    return this.here.findByIdemKey(idemKey);
  }

  readLog(from: number, limit: number): Promise<readonly LoggedEntry[]> {
    return this.here.readLog(from, limit);
  }

  size(): Promise<number> {
    return this.here.size();
  }

  get(key: ItemKey): Promise<Item | undefined> {
    return this.here.get(key);
  }

  list(...request: Parameters<ItemStore['list']>): Promise<readonly Item[]> {
    return this.here.list(...request);
  }

  /** Waits for what is being written. */
  async close(): Promise<void> {
    this.isClosing = true;
    try {
      if (this.ended === undefined) await this.ask({ kind: 'close' });
    } finally {
      this.ended ??= new Error('the store was closed');
      await this.worker.terminate();
      this.here.close();
    }
  }

  private ask(work: WriteWork, handedOver: readonly ArrayBuffer[] = []): Promise<WriteResult> {
    return new Promise((resolve, reject) => {
      if (this.ended !== undefined) {
        reject(unavailable(this.ended));
        return;
      }
      const job = this.jobs++;
      // The process lives as long as somebody waits for a write, and no longer for the sake of the thread.
      if (this.waiting.size === 0) this.worker.ref();
      this.waiting.set(job, { resolve, reject });
      this.worker.postMessage({ job, end: this.here.end, work } satisfies WriteMessage, [...handedOver]);
    });
  }

  private answer({ job, end, findings, result }: WriteReply): void {
    this.here.advanceTo(end);
    for (const finding of findings) this.options.onTamper?.(finding);
    const waiting = this.waiting.get(job);
    this.waiting.delete(job);
    if (this.waiting.size === 0) this.worker.unref();
    if (result.kind === 'error') waiting?.reject(errorOf(result.error));
    else waiting?.resolve(result);
  }

  private end(cause: Error): void {
    if (this.ended !== undefined) return;
    this.ended = cause;
    const error = unavailable(cause);
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
    if (!this.isClosing) this.options.onEnded?.(error);
  }
}

function unavailable(cause: Error): LedgerError {
  return new LedgerError({
    code: 'STORE_UNAVAILABLE',
    message: 'the thread that writes the ledger ended: restart the engine',
    cause,
  });
}

function unexpected(result: WriteResult): Error {
  return new Error(`the writing thread answered "${result.kind}"`);
}
