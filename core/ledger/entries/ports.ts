/**
 * What the ledger needs from outside. Each method says what is true afterwards: when it fails, when it fails although
 * it was persisted, and when two callers meet. Adapters: adapters/embedded (SQLite), adapters/aws (DynamoDB),
 * adapters/memory (with fault hooks).
 */
import type { ChainHash, EntityId, EpochMs, Given, Position, Seq } from '../../brands/index.ts';
import type { JsonValue } from '../../canonical/index.ts';
import type { PreparedEntry, SealedEntry } from './entry.ts';
import type { NoteSigner } from '../notes/signed-note.ts';

export interface StoredEntry extends SealedEntry {
  readonly chain: string;
  readonly seq: Seq;
  /** log index, 0-based, without gaps; undefined while it has none (a shared store's sequencer gives it later) */
  readonly position: Position | undefined;
}

/** An entry that has its place in the log. */
export interface LoggedEntry extends StoredEntry {
  readonly position: Position;
}

export interface EntryToStore extends SealedEntry {
  readonly chain: string;
  readonly seq: Seq;
  /** ledger-wide unique; undefined when the entry needs no look-up by key */
  readonly idemKey: string | undefined;
  /** True: what else the group writes makes the key unique, and the entry is found without it. A store may keep nothing under it. */
  readonly keyFollows?: boolean;
}

export interface ItemKey {
  readonly pk: string;
  readonly sk: string;
}

/** A projection record (change-set, document, subscription, nonce …). Versions start at 1 and grow by 1 with every put. */
export interface Item extends ItemKey {
  readonly version: number;
  readonly value: JsonValue;
}

/** A number is the version the item must have now. */
export type Expectation = 'absent' | 'any' | number;

export type ItemWrite =
  | { readonly kind: 'put'; readonly key: ItemKey; readonly value: JsonValue; readonly expect: Expectation }
  | { readonly kind: 'delete'; readonly key: ItemKey; readonly expect: Expectation }
  | { readonly kind: 'check'; readonly key: ItemKey; readonly expect: Expectation };

/** Entries and item writes that become true together or not at all. */
export interface CommitGroup {
  readonly entries: readonly EntryToStore[];
  readonly writes: readonly ItemWrite[];
}

export type CommitOutcome =
  /** durable; `positions[i]` is the log index of `entries[i]`, if it has one already */
  | { readonly kind: 'committed'; readonly positions: readonly (number | undefined)[] }
  /** nothing written: another entry holds the place, or the place before it is empty (`winner` undefined) */
  | { readonly kind: 'conflict'; readonly chain: string; readonly winner: StoredEntry | undefined }
  /** nothing written: an entry with this idempotency key exists */
  | { readonly kind: 'exists'; readonly idemKey: string }
  /** nothing written: an item is not as expected */
  | { readonly kind: 'precondition'; readonly failed: ItemKey }
  /** nothing written, now or ever: the group is larger than this store can commit at once */
  | { readonly kind: 'refused'; readonly error: Error };

export interface EntryStore {
  /** True: this process is the only writer, so a run may be built on a head whose commit is still under way. */
  readonly exclusive: boolean;
  /** True: entries have their log index when their commit returns, so the order of commits is the order of the log. */
  readonly indexesAtCommit: boolean;
  /**
   * Stores each group atomically and independently of the others; a committed group survives power loss.
   * Put-if-absent on (chain, seq): two writers of one place get one 'committed' and one 'conflict'. Groups of one chain
   * are stored in their order, so a later one may be built on an earlier one; if that one fails, so does what is built on it.
   * If it rejects, each group may or may not have been stored: read the places back before trying again.
   */
  commit(groups: readonly CommitGroup[]): Promise<readonly CommitOutcome[]>;
  /** Newest entry of the chain, strongly consistent. */
  head(chain: Given<EntityId>): Promise<StoredEntry | undefined>;
  /** Entries of a chain with seq >= from, ascending, at most `limit`. */
  read(chain: Given<EntityId>, from: Seq, limit: number): Promise<readonly StoredEntry[]>;
  /** The entry recorded under an idempotency key, strongly consistent. */
  findByIdemKey(idemKey: string): Promise<StoredEntry | undefined>;
  /** The log from index `from` on, ascending, gap-free, at most `limit`. Every acknowledged entry gets there in the end. */
  readLog(from: Position, limit: number): Promise<readonly LoggedEntry[]>;
  /** How many entries are in the log: the index the next one gets. */
  size(): Promise<Position>;
}

export interface ItemStore {
  /** Strongly consistent. */
  get(key: ItemKey): Promise<Item | undefined>;
  /** Items of `pk` with sk > after (and starting with `prefix`), ascending by sk, at most `limit`. */
  list(
    pk: string,
    options: { readonly prefix?: string; readonly after?: string; readonly limit: number },
  ): Promise<readonly Item[]>;
  /** All or none, durable. If it rejects, read back before trying again. */
  write(
    writes: readonly ItemWrite[],
  ): Promise<{ readonly kind: 'written' } | { readonly kind: 'precondition'; readonly failed: ItemKey }>;
}

/** Signs with the root key (KMS, or a key file). Expensive on AWS: only decisions and session keys. */
export interface RootSigner {
  /** key name in signature lines: the ledger's origin */
  readonly name: string;
  /** 32 raw bytes */
  readonly publicKey: Uint8Array;
  /** Ed25519 signature of the text, 64 bytes. Idempotent. */
  sign(text: Uint8Array): Promise<Uint8Array>;
  /** Whether the key is there and is the one it was, without signing anything: who asks may not. Absent: sign to find out. */
  probe?(): Promise<void>;
}

/** A run of entries for one chain, to be sealed one after the other. */
export interface RunToSeal {
  readonly prev: ChainHash;
  readonly seq: Seq;
  readonly run: readonly PreparedEntry[];
}

/**
 * Where signing happens: this thread, or another core. Pure computation, no durability duty.
 * `callerIsIdle`: the calling thread has nothing to do meanwhile and may sign a share.
 */
export interface Sealer {
  seal(
    runs: readonly RunToSeal[],
    signer: NoteSigner & { readonly keyId: Uint8Array },
    callerIsIdle: boolean,
  ): Promise<readonly (readonly SealedEntry[])[]>;
}

export interface Clock {
  /** milliseconds since the Unix epoch, server time */
  now(): EpochMs;
  /** Milliseconds since some moment of this process's: for ages. Never runs back, whatever is done to the clock. */
  monotonic(): number;
  /** Resolves after `ms` (or earlier: look again); rejects never. Aborted: resolves at once. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface Ids {
  /** Unique, sortable by time (UUIDv7), for change-sets, subscriptions and events without an id. */
  next(): string;
  /** Fresh Ed25519 key pair for a session key, from the operating system's randomness. */
  keyPair(): Pick<NoteSigner, 'publicKey' | 'privateKey'>;
  /** From the operating system's randomness, for keys, salts and nonces. */
  bytes(length: number): Uint8Array;
  /** Uniform in [0, 1), for jitter only. */
  random(): number;
}
