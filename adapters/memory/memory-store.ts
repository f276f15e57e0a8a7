/**
 * The ledger's stores in memory, with hooks that break any write twice: before it is applied (nothing persisted) and
 * after (persisted, but the caller is told it failed). For tests and for modules' own tests; nothing survives the process.
 */
import {
  commitInOrder,
  type CommitGroup,
  type CommitOutcome,
  type EntryStore,
  type Expectation,
  type Item,
  type ItemKey,
  type ItemStore,
  type ItemWrite,
  type LoggedEntry,
  type StoredEntry,
} from '../../core/ledger/index.ts';
import { orNone } from '../../core/values/index.ts';

export interface FaultHooks {
  /** Throws to fail the write before anything is persisted. */
  before?: (what: 'commit' | 'write') => void;
  /** Throws to report failure although everything was persisted. */
  after?: (what: 'commit' | 'write') => void;
}

export interface MemoryStoreOptions {
  /** see EntryStore.exclusive. Default true */
  readonly exclusive?: boolean;
  readonly faults?: FaultHooks;
}

export class MemoryStore implements EntryStore, ItemStore {
  readonly exclusive: boolean;
  readonly indexesAtCommit = true;
  readonly faults: FaultHooks;
  /** every entry in commit order; tests may tamper with it */
  readonly log: LoggedEntry[] = [];
  private readonly chains = new Map<string, LoggedEntry[]>();
  private readonly byIdemKey = new Map<string, StoredEntry>();
  private readonly items = new Map<string, Map<string, Item>>();

  constructor(options: MemoryStoreOptions = {}) {
    this.exclusive = options.exclusive ?? true;
    this.faults = options.faults ?? {};
  }

  async commit(groups: readonly CommitGroup[]): Promise<readonly CommitOutcome[]> {
    await Promise.resolve(); // a store is never synchronous: give other writers their chance to interleave
    this.faults.before?.('commit');
    const outcomes = commitInOrder(groups, (group) => this.commitGroup(group));
    this.faults.after?.('commit');
    return outcomes;
  }

  async head(chain: string): Promise<StoredEntry | undefined> {
    return this.chains.get(chain)?.at(-1);
  }

  async read(chain: string, from: number, limit: number): Promise<readonly StoredEntry[]> {
    return (this.chains.get(chain) ?? []).filter((entry) => entry.seq >= from).slice(0, limit);
  }

  async findByIdemKey(idemKey: string): Promise<StoredEntry | undefined> {
    return this.byIdemKey.get(idemKey);
  }

  async readLog(from: number, limit: number): Promise<readonly LoggedEntry[]> {
    return this.log.slice(from, from + limit);
  }

  async size(): Promise<number> {
    return this.log.length;
  }

  async get(key: ItemKey): Promise<Item | undefined> {
    return this.items.get(key.pk)?.get(key.sk);
  }

  async list(
    pk: string,
    options: { readonly prefix?: string; readonly after?: string; readonly limit: number },
  ): Promise<readonly Item[]> {
    const { prefix = '', after = '', limit } = options;
    return [...(this.items.get(pk)?.values() ?? [])]
      .filter(({ sk }) => sk.startsWith(prefix) && (after === '' || sk > after))
      .sort((a, b) => (a.sk < b.sk ? -1 : 1))
      .slice(0, limit);
  }

  async write(writes: readonly ItemWrite[]): Promise<{ kind: 'written' } | { kind: 'precondition'; failed: ItemKey }> {
    await Promise.resolve();
    this.faults.before?.('write');
    const failed = writes.find((write) => !this.isAsExpected(write.key, write.expect));
    if (failed !== undefined) return { kind: 'precondition', failed: failed.key };
    this.applyWrites(writes);
    this.faults.after?.('write');
    return { kind: 'written' };
  }

  private commitGroup({ entries, writes }: CommitGroup): CommitOutcome {
    const failed = writes.find((write) => !this.isAsExpected(write.key, write.expect));
    if (failed !== undefined) return { kind: 'precondition', failed: failed.key };
    const keys = entries.map(({ idemKey }) => idemKey);
    const known = entries.find(
      ({ idemKey }, i) => idemKey !== undefined && (this.byIdemKey.has(idemKey) || keys.indexOf(idemKey) !== i),
    );
    if (known?.idemKey !== undefined) return { kind: 'exists', idemKey: known.idemKey };
    const lengths = new Map<string, number>();
    for (const { chain, seq } of entries) {
      const length = orNone(lengths.get(chain) ?? this.chains.get(chain)?.length);
      if (seq !== length) return { kind: 'conflict', chain, winner: this.chains.get(chain)?.[seq] };
      lengths.set(chain, length + 1);
    }
    this.applyWrites(writes);
    return { kind: 'committed', positions: entries.map((entry) => this.append(entry)) };
  }

  private append(entry: CommitGroup['entries'][number]): number {
    const { chain, seq, note, hash, idemKey } = entry;
    const stored: LoggedEntry = { chain, seq, note, hash, position: this.log.length };
    this.log.push(stored);
    const entries = this.chains.get(chain) ?? [];
    entries.push(stored);
    this.chains.set(chain, entries);
    if (idemKey !== undefined) this.byIdemKey.set(idemKey, stored);
    return stored.position;
  }

  private isAsExpected({ pk, sk }: ItemKey, expect: Expectation): boolean {
    const version = this.items.get(pk)?.get(sk)?.version;
    return expect === 'any' || (expect === 'absent' ? version === undefined : version === expect);
  }

  private applyWrites(writes: readonly ItemWrite[]): void {
    for (const write of writes) {
      const { pk, sk } = write.key;
      const partition = this.items.get(pk) ?? new Map<string, Item>();
      this.items.set(pk, partition);
      if (write.kind === 'put')
        partition.set(sk, { pk, sk, version: orNone(partition.get(sk)?.version) + 1, value: write.value });
      if (write.kind === 'delete') partition.delete(sk);
    }
  }
}
