/** What is asked of an indexed log, what it is asked of, and what it answers. */
import type { EntryStore, ItemStore, LoggedEntry } from '../../ledger/index.ts';

export interface IndexedLog {
  readonly ledger: string;
  readonly entries: Pick<EntryStore, 'read' | 'head' | 'readLog' | 'size'>;
  readonly items: Pick<ItemStore, 'get' | 'list'>;
}

export interface Wanted {
  readonly topics?: readonly string[] | undefined;
  readonly entityId?: string | undefined;
}

/** Every event that is wanted and stands before `next` is among the entries; others may be, too. */
export interface Found {
  readonly entries: readonly LoggedEntry[];
  readonly next: number;
}
