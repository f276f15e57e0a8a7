/**
 * EntryStore and ItemStore on one SQLite file. All groups handed to one `commit` share one transaction and one fsync;
 * each group is all or nothing, and nothing is acknowledged that does not stand there when it is read back. SQLite runs on
 * the calling thread, so nothing interleaves within a call.
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import type { LeafHash } from '../../../core/brands/index.ts';
import type { JsonValue } from '../../../core/canonical/index.ts';
import {
  commitInOrder,
  findingAt,
  type CommitGroup,
  type CommitOutcome,
  type EntryStore,
  type EntryToStore,
  type Finding,
  type Item,
  type ItemKey,
  type ItemStore,
  type ItemWrite,
  type LoggedEntry,
  type StoredEntry,
} from '../../../core/ledger/index.ts';
import { must } from '../../../core/errors/index.ts';
import { EngineError } from '../machine/errors.ts';
import { writeTrouble } from '../machine/sqlite-trouble.ts';
import { prepareStatements, type Statements } from './sqlite-statements.ts';
import { SCHEMA_VERSION, schemaProblem } from './sqlite-tables.ts';

/** Keys that follow from entries; those of proposals do not. */
const EVENT_PREFIX = 'event/';

type Row = Record<string, SQLOutputValue>;

export interface StoreOptions {
  /** somebody else writes the file meanwhile: where the log ends is asked each time */
  readonly readOnly?: boolean;
  /** another connection of this engine writes too, never at the same time: where the log ends is asked each time */
  readonly isShared?: boolean;
  /** Told what has become durable, in its order. Must not throw. */
  readonly onStored?: (entries: readonly EntryToStore[]) => void;
  /** Told of what somebody else did to the file, and of what no longer works by itself. Must not throw. */
  readonly onTamper?: (finding: Finding) => void;
}

export class SqliteStore implements EntryStore, ItemStore {
  /** the folder lock keeps every other writer out */
  readonly exclusive = true;
  readonly indexesAtCommit = true;
  private readonly sql: Statements;
  private readonly db: DatabaseSync;
  private readonly isReader: boolean;
  private readonly isShared: boolean;
  private readonly onStored: StoreOptions['onStored'];
  private readonly onTamper: (finding: Finding) => void;
  private schemaVersion: unknown;
  private nextPosition: number;

  constructor(
    db: DatabaseSync,
    { readOnly = false, isShared = false, onStored, onTamper = () => {} }: StoreOptions = {},
  ) {
    this.db = db;
    this.isReader = readOnly;
    this.isShared = isShared;
    this.onStored = onStored;
    this.onTamper = onTamper;
    this.sql = prepareStatements(db);
    this.nextPosition = this.readSize();
    this.schemaVersion = this.readSchemaVersion();
  }

  async commit(groups: readonly CommitGroup[]): Promise<readonly CommitOutcome[]> {
    const stored: EntryToStore[] = [];
    const outcomes = this.transaction(() => {
      const first = this.nextPosition;
      const outcomes = commitInOrder(groups, (group) => this.storeGroup(group, stored));
      if (stored.length > 0) {
        this.recordBatch(first, stored);
        this.readBack(first, stored);
      }
      return outcomes;
    });
    this.onStored?.(stored);
    return outcomes;
  }

  async write(writes: readonly ItemWrite[]): Promise<{ kind: 'written' } | { kind: 'precondition'; failed: ItemKey }> {
    return this.transaction(() => {
      const failed = this.firstUnexpected(writes);
      if (failed !== undefined) return { kind: 'precondition' as const, failed };
      for (const write of writes) this.applyWrite(write);
      return { kind: 'written' as const };
    });
  }

  /** Positions below it are taken, whatever has become of the record in the file. */
  advanceTo(end: number): void {
    this.nextPosition = Math.max(this.nextPosition, end);
  }

  /** One past the last position that this connection knows of. */
  get end(): number {
    return this.nextPosition;
  }

  /** Writes what is there already, durably. @throws LedgerError STORE_UNAVAILABLE */
  probe(): void {
    this.transaction(() => this.sql.probe.run());
  }

  async head(chain: string): Promise<StoredEntry | undefined> {
    const row = readable(() => this.sql.head.get(chain, this.last()));
    return row === undefined ? undefined : entryOf(row);
  }

  async read(chain: string, from: number, limit: number): Promise<readonly StoredEntry[]> {
    return readable(() => this.sql.readChain.all(chain, from, this.last(), limit)).map(entryOf);
  }

  async findByIdemKey(idemKey: string): Promise<StoredEntry | undefined> {
    const row = readable(() => this.sql.findByKey.get(idemKey, this.last()));
    return row === undefined ? this.eventOf(idemKey) : entryOf(row);
  }

  async readLog(from: number, limit: number): Promise<readonly LoggedEntry[]> {
    return readable(() => this.sql.readLog.all(from, this.last(), limit)).map(entryOf);
  }

  async size(): Promise<number> {
    return this.last() + 1;
  }

  async get({ pk, sk }: ItemKey): Promise<Item | undefined> {
    const row = readable(() => this.sql.getItem.get(pk, sk));
    return row === undefined ? undefined : itemOf(row, this.isReader);
  }

  async list(
    pk: string,
    options: { readonly prefix?: string; readonly after?: string; readonly limit: number },
  ): Promise<readonly Item[]> {
    const { prefix = '', after = '', limit } = options;
    const [from, to] = [after > prefix ? after : prefix, `${prefix}\u{10FFFF}`];
    return readable(() => this.sql.listItems.all(pk, from, to, after, limit)).map((row) => itemOf(row, this.isReader));
  }

  close(): void {
    this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.db.close();
  }

  /** Positions come from the commit-order record, so that a deleted tail does not make them start over. */
  private readSize(): number {
    return Number(must(this.sql.recordedEnd.get()?.['size'], 'the size of the log'));
  }

  /** The log's last position. Within a transaction of its own nobody else moves it. */
  private last(): number {
    if (this.isShared && !this.db.isTransaction) this.advanceTo(this.readSize());
    return (this.isReader ? this.readSize() : this.nextPosition) - 1;
  }

  private readSchemaVersion(): unknown {
    return this.sql.schemaVersion.get()?.['schema_version'];
  }

  private transaction<T>(work: () => T): T {
    const before = this.nextPosition;
    try {
      this.sql.begin.run();
      if (this.isShared) this.advanceTo(this.readSize());
      const result = work();
      this.sql.commit.run();
      return result;
    } catch (error) {
      this.nextPosition = before;
      if (this.db.isTransaction) this.sql.rollback.run();
      else this.nextPosition = this.readSize(); // the commit itself failed: only the file knows whether it took place
      throw writeTrouble(error) ?? error;
    }
  }

  private storeGroup(group: CommitGroup, stored: EntryToStore[]): CommitOutcome {
    const { entries, writes } = group;
    const failed = this.firstUnexpected(writes);
    if (failed !== undefined) return { kind: 'precondition', failed };
    // A lone entry undoes itself; more than one thing to write needs a savepoint to be all or nothing.
    if (entries.length === 1 && writes.length === 0) {
      const refused = this.storeEntry(entries[0] as EntryToStore);
      if (refused !== undefined) return refused;
      stored.push(entries[0] as EntryToStore);
      return { kind: 'committed', positions: [this.nextPosition - 1] };
    }
    return this.storeWithSavepoint(group, stored);
  }

  private storeWithSavepoint({ entries, writes }: CommitGroup, stored: EntryToStore[]): CommitOutcome {
    const first = this.nextPosition;
    this.sql.savepoint.run();
    for (const entry of entries) {
      const refused = this.storeEntry(entry);
      if (refused === undefined) continue;
      this.sql.rollbackToSavepoint.run();
      this.sql.release.run();
      this.nextPosition = first;
      return refused;
    }
    for (const write of writes) this.applyWrite(write);
    this.sql.release.run();
    stored.push(...entries);
    return { kind: 'committed', positions: entries.map((_, i) => first + i) };
  }

  /** Put-if-absent at its place, which must follow an existing entry. @returns why not, having written nothing */
  private storeEntry({ chain, seq, note, hash, idemKey }: EntryToStore): CommitOutcome | undefined {
    if (idemKey !== undefined) {
      if (this.sql.putKey.run(idemKey, this.nextPosition).changes === 0) return { kind: 'exists', idemKey };
      const recorded = this.eventOf(idemKey);
      if (recorded !== undefined) {
        this.sql.deleteKey.run(idemKey);
        this.onTamper(findingAt(recorded, 'DRIFT', `its idempotency key "${idemKey}" is gone from the table of keys`));
        return { kind: 'exists', idemKey };
      }
    }
    if (
      this.sql.putEntry.run(this.nextPosition, chain, seq, note, hash, seq, chain, seq - 1, this.last()).changes === 0
    ) {
      if (idemKey !== undefined) this.sql.deleteKey.run(idemKey);
      const winner = this.sql.readChain.get(chain, seq, this.last(), 1);
      if (Number(winner?.['seq']) !== seq) this.assertFree(chain, seq);
      return {
        kind: 'conflict',
        chain,
        winner: winner === undefined || Number(winner['seq']) !== seq ? undefined : entryOf(winner),
      };
    }
    this.nextPosition += 1;
    return undefined;
  }

  /** The event that was recorded under the key, whatever the table of keys says. */
  private eventOf(idemKey: string): LoggedEntry | undefined {
    if (!idemKey.startsWith(EVENT_PREFIX)) return undefined;
    const row = readable(() => this.sql.findEvent.get(idemKey, this.last()));
    return row === undefined ? undefined : entryOf(row);
  }

  private recordBatch(first: number, stored: readonly EntryToStore[]): void {
    const places = JSON.stringify(stored.map(({ chain, seq }) => [chain, seq]));
    this.sql.putBatch.run(first, places, Buffer.concat(stored.map(({ hash }) => hash)));
  }

  /** Its place is not taken by a row that is no part of the log: nobody could ever append there. */
  private assertFree(chain: string, seq: number): void {
    const row = this.sql.taken.get(chain, seq);
    if (row !== undefined) throw tampered(`"${chain}" #${seq} is stored outside the log`);
  }

  /**
   * What is about to be acknowledged stands there, in a file whose tables are what they were: a trigger that takes entries
   * away again would otherwise be noticed by nobody before the next audit.
   */
  private readBack(first: number, stored: readonly EntryToStore[]): void {
    const { hash, idemKey } = stored.at(-1) as EntryToStore;
    const position = first + stored.length - 1;
    const found = this.sql.addedSince.get(first);
    const isThere =
      found?.['entries'] === stored.length &&
      found['last'] === position &&
      isSame(this.sql.hashAt.get(position)?.['hash'], hash) &&
      isSame(this.sql.batchAt.get(first)?.['hashes'], Buffer.concat(stored.map((one) => one.hash))) &&
      (idemKey === undefined || this.sql.keyPosition.get(idemKey)?.['position'] === position);
    if (!isThere) throw tampered(`what was written at position ${first} is not what is stored there`);
    this.assertSchema();
  }

  /** SQLite counts every change of the tables; what it keeps for its query planner is one as well, and harmless. */
  private assertSchema(): void {
    const version = this.readSchemaVersion();
    if (version === this.schemaVersion) return;
    const problem = schemaProblem(this.db, SCHEMA_VERSION);
    if (problem !== undefined) throw tampered(`the tables were changed while the engine runs: ${problem}`);
    this.schemaVersion = version;
  }

  private firstUnexpected(writes: readonly ItemWrite[]): ItemKey | undefined {
    for (const { key, expect } of writes) {
      if (expect === 'any') continue;
      const version = this.sql.itemVersion.get(key.pk, key.sk)?.['version'];
      if (expect === 'absent' ? version !== undefined : version !== expect) return key;
    }
    return undefined;
  }

  private applyWrite(write: ItemWrite): void {
    const { pk, sk } = write.key;
    switch (write.kind) {
      case 'put':
        this.sql.putItem.run(pk, sk, JSON.stringify(write.value));
        return;
      case 'delete':
        this.sql.deleteItem.run(pk, sk);
        return;
      case 'check':
        return;
    }
  }
}

function isSame(found: SQLOutputValue | undefined, wanted: Uint8Array): boolean {
  return found instanceof Uint8Array && Buffer.compare(found, wanted) === 0;
}

/** Nothing of the transaction was written. */
function tampered(detail: string): EngineError {
  const message = `${detail}: somebody else than the engine writes to the file; stop it, keep the folder as it is, and verify it`;
  return new EngineError({ code: 'DATA_TAMPERED', message });
}

/** Whole numbers of SQLite have 64 bits, ours 53: no engine writes a larger one. @throws EngineError DATA_UNREADABLE */
function readable<T>(read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof RangeError && 'code' in cause && cause.code === 'ERR_OUT_OF_RANGE')) throw cause;
    throw new EngineError({ code: 'DATA_UNREADABLE', message: `a row is damaged: ${cause.message}`, cause });
  }
}

/** A damaged file can hold what its schema forbids, NULL above all. @throws EngineError DATA_UNREADABLE */
function entryOf({ chain, seq, note, hash, position }: Row): LoggedEntry {
  const isWhole = typeof chain === 'string' && typeof seq === 'number' && typeof position === 'number';
  if (isWhole && note instanceof Uint8Array && hash instanceof Uint8Array)
    return { chain, seq, note, hash: hash as Uint8Array as LeafHash, position };
  throw new EngineError({
    code: 'DATA_UNREADABLE',
    message: `row ${String(position)} of the entries is damaged: restore it`,
  });
}

/**
 * @param isStrict refuses what the engine would have spelled otherwise, two keys of one name above all
 * @throws EngineError DATA_UNREADABLE
 */
function itemOf({ pk, sk, version, value: text }: Row, isStrict: boolean): Item {
  const isWhole = typeof pk === 'string' && typeof sk === 'string' && typeof version === 'number';
  const value = typeof text === 'string' ? parsedOrNothing(text) : undefined;
  if (!isWhole || value === undefined || (isStrict && JSON.stringify(value) !== text))
    throw new EngineError({
      code: 'DATA_UNREADABLE',
      message: `the item "${String(pk)}" "${String(sk)}" is not in the form that the engine writes`,
    });
  return { pk, sk, version, value };
}

/** Undefined: it is no JSON. */
function parsedOrNothing(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
