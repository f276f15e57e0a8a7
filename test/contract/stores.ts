/** The stores every contract runs on: in memory, alone and shared, and one SQLite file in a folder of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openForWriting } from '../../adapters/embedded/sqlite-schema.ts';
import { SqliteStore } from '../../adapters/embedded/sqlite-store.ts';
import { MemoryStore } from '../../adapters/memory/index.ts';
import type { EntryStore, ItemStore } from '../../core/ledger/index.ts';

export type Store = EntryStore & ItemStore;

export interface OpenStore {
  readonly store: Store;
  /** closes and opens it again; undefined when nothing survives closing */
  readonly reopen?: () => Store;
  readonly close: () => void;
}

export const IDENTITY = { ledger: 'main', origin: 'ledger.test/main' };

export const STORES: Readonly<Record<string, () => OpenStore>> = {
  'MemoryStore, only writer': () => ({ store: new MemoryStore(), close: () => undefined }),
  'MemoryStore, shared': () => ({ store: new MemoryStore({ exclusive: false }), close: () => undefined }),
  SqliteStore: openSqlite,
};

function openSqlite(): OpenStore {
  const folder = mkdtempSync(join(tmpdir(), 'nervous-store-'));
  let store = new SqliteStore(openForWriting(folder, IDENTITY));
  return {
    store,
    reopen: () => {
      store.close();
      return (store = new SqliteStore(openForWriting(folder, IDENTITY)));
    },
    close: () => {
      store.close();
      rmSync(folder, { recursive: true });
    },
  };
}
