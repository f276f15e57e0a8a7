/**
 * What appending promises: the request, the places it gets, and every way it can end. How that is kept is append.ts's
 * business; who else records entries (session keys) needs only these types.
 */
import type { ChainHash, IsoInstant } from '../../brands/index.ts';
import type { EntryDraft } from '../entries/entry.ts';
import type { Clock, EntryStore, Ids, ItemKey, ItemWrite, RootSigner, Sealer, StoredEntry } from '../entries/ports.ts';

export interface EntryToAppend {
  readonly chain: string;
  readonly draft: EntryDraft;
  readonly idemKey?: string;
  /** see EntryToStore */
  readonly keyFollows?: boolean;
}

export interface AppendRequest {
  /** 1-100 entries, recorded all or none; entries of one chain in their order */
  readonly entries: readonly EntryToAppend[];
  /** A place that the caller has seen filled: a head from before it is stale, and is read again instead of tried. */
  readonly after?: { readonly chain: string; readonly seq: number };
  /**
   * Items that become true together with the entries, computed from their final places. Called once per attempt.
   * `withdraw`: in these places the entries must not be written.
   */
  readonly writes?: (placed: readonly PlacedEntry[]) => readonly ItemWrite[] | 'withdraw';
}

/** An entry whose place and bytes are final, if its commit succeeds. */
export interface PlacedEntry {
  readonly chain: string;
  readonly seq: number;
  /** hex chain hash */
  readonly hash: ChainHash;
  readonly at: IsoInstant;
  readonly draft: EntryDraft;
}

export interface AppendedEntry extends PlacedEntry {
  /** undefined: it gets its log index later */
  readonly position: number | undefined;
}

export type AppendResult =
  | { readonly kind: 'appended'; readonly entries: readonly AppendedEntry[] }
  /** at least one idempotency key is already recorded; nothing was written. `entries[i]` is what stands under key i */
  | { readonly kind: 'exists'; readonly entries: readonly (StoredEntry | undefined)[] }
  /** an item was not as expected; nothing was written. Re-read, decide again */
  | { readonly kind: 'precondition'; readonly failed: ItemKey }
  /** the caller's `writes` said so; nothing was written */
  | { readonly kind: 'withdrawn' };

export interface Appender {
  /** Resolves when durable. @throws LedgerError, CanonicalError; nothing was written unless STORE_UNAVAILABLE */
  append(request: AppendRequest): Promise<AppendResult>;
  /** Name of the key that signs now, `keys/<key id>`; certified by then. @throws what the store throws, LedgerError LEDGER_BUSY */
  sessionKey(): Promise<string>;
  /** Resolves when everything accepted so far is settled. */
  drain(): Promise<void>;
}

export interface AppenderOptions {
  readonly ledger: string;
  readonly origin: string;
  readonly store: EntryStore;
  readonly sealer: Sealer;
  readonly rootSigner: RootSigner;
  readonly clock: Clock;
  readonly ids: Ids;
  /** Lets in the requests that have arrived already, so that they share a commit; absent: what is there is committed. */
  readonly gather?: () => Promise<void>;
  /** Told about every committed group, in commit order, before its caller is. Must not throw. */
  readonly onCommit?: (entries: readonly AppendedEntry[]) => void;
}
