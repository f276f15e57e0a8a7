/**
 * The stores every contract runs on: in memory, alone and shared, one SQLite file in a folder of its own, and DynamoDB's
 * adapter on a DynamoDB that is not there. On a real one: test/aws/contract.test.ts.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openForWriting } from '../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { ThreadedStore } from '../../adapters/embedded/store/threaded-store.ts';
import { MemoryStore } from '../../adapters/memory/index.ts';
import type { EntryStore, ItemStore } from '../../core/ledger/index.ts';
import { FakeDynamo } from '../adapters/aws/dynamo/fake-dynamo.ts';
import { openDynamo } from './dynamo.ts';

export type Store = EntryStore & ItemStore;

export interface OpenStore {
  readonly store: Store;
  /** closes and opens it again; undefined when nothing survives closing */
  readonly reopen?: () => Store | Promise<Store>;
  readonly close: () => void | Promise<void>;
}

export type Open = () => OpenStore | Promise<OpenStore>;

export const IDENTITY = { ledger: 'main', origin: 'ledger.test/main' };

export const STORES: Readonly<Record<string, Open>> = {
  'MemoryStore, only writer': () => ({ store: new MemoryStore(), close: () => undefined }),
  'MemoryStore, shared': () => ({ store: new MemoryStore({ exclusive: false }), close: () => undefined }),
  SqliteStore: openSqlite,
  ThreadedStore: () => openThreaded({}),
  'ThreadedStore, all on its thread': () => openThreaded({ inlineEntries: 0 }),
  DynamoStore: openFakeDynamo,
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

function openThreaded(options: { readonly inlineEntries?: number }): OpenStore {
  const dataDir = mkdtempSync(join(tmpdir(), 'nervous-threaded-'));
  const open = (): ThreadedStore => new ThreadedStore(openForWriting(dataDir, IDENTITY), { dataDir, ...options });
  let store = open();
  return {
    store,
    reopen: async () => {
      await store.close();
      return (store = open());
    },
    close: async () => {
      await store.close();
      rmSync(dataDir, { recursive: true });
    },
  };
}

function openFakeDynamo(): OpenStore {
  return openDynamo({
    ...{ client: new FakeDynamo().client(), entriesTable: 'entries', stateTable: 'state', ledger: 'main' },
    sleep: () => new Promise((resolve) => setImmediate(resolve)),
  });
}
