/** Who reads items hears of one that somebody changed in the store by a named error, and goes on with nothing in its place. */
import { DatabaseSync } from 'node:sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isoOf, msOf, type FieldHash } from '../../core/brands/index.ts';
import { SubscriptionDirectory } from '../../adapters/aws/bus/directory.ts';
import { feedState } from '../../adapters/aws/bus/feed.ts';
import { createGateReader } from '../../adapters/aws/workflow/gates.ts';
import { SubscriptionBreakers } from '../../adapters/aws/subscriptions/breakers.ts';
import { Mailbox } from '../../adapters/embedded/bus/mailbox.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { openForWriting } from '../../adapters/embedded/store/sqlite-schema.ts';
import { MemoryStore } from '../../adapters/memory/index.ts';
import { createDocumentStore } from '../../core/changes/index.ts';
import { createDelegationStore } from '../../core/changes/store/delegation-store.ts';
import { findRecord } from '../../core/changes/store/change-store.ts';
import { createVault } from '../../core/events/confidential/vault.ts';
import { createQuarantine } from '../../core/events/index.ts';
import type { JsonValue } from '../../core/canonical/index.ts';
import { checked } from '../support/checked.ts';

const HOSTILE: readonly JsonValue[] = [null, 'x', -1, [], {}, { createdAt: 7 }, { salt: 1, box: null }, true];
const clock = { now: () => msOf('2026-11-22T04:00:00.000Z'), monotonic: () => 0, sleep: () => Promise.resolve() };
const keys = { wrap: async (key: Uint8Array) => key, unwrap: async (key: Uint8Array) => key };

const READERS: Record<string, { pk: string; sk: string; read: (items: MemoryStore) => Promise<unknown> }> = {
  'the cursor of a subscription': {
    ...{ pk: 'main#cursor', sk: 's' },
    read: (items) => new Mailbox(items, 'main', 's').loadCursor(),
  },
  'a retry': {
    ...{ pk: 'main#retry#s', sk: '0000000000000001' },
    read: (items) => new Mailbox(items, 'main', 's').loadRetries(),
  },
  'a dead letter': {
    ...{ pk: 'main#dead#s', sk: '0000000000000001' },
    read: (items) => new Mailbox(items, 'main', 's').deadLetter(1),
  },
  'a subscription, for delivery': {
    ...{ pk: 'main#subscription', sk: 's' },
    read: (items) => new SubscriptionDirectory({ ledger: 'main', items }).get('s'),
  },
  'all subscriptions, for delivery': {
    ...{ pk: 'main#subscription', sk: 's' },
    read: (items) => new SubscriptionDirectory({ ledger: 'main', items }).all(),
  },
  'how far a subscription is fed': {
    ...{ pk: 'main#feed#none', sk: 's' },
    read: (items) => feedState({ ledger: 'main', items }, { id: 's', order: 'none' }),
  },
  'a breaker': {
    ...{ pk: 'main#breaker', sk: 's' },
    read: (items) =>
      new SubscriptionBreakers({ ledger: 'main', items, clock }).state({
        ...{ id: 's', module: 'm', createdAt: isoOf(clock.now()) },
      }),
  },
  'where an execution waits': {
    ...{ pk: 'main#workflow', sk: 'c' },
    read: (items) => createGateReader('main', items).find('c'),
  },
  'a change-set': { ...{ pk: 'main#change', sk: 'c' }, read: (items) => findRecord('main', items, 'c') },
  'a document': {
    ...{ pk: 'main#document', sk: 'e' },
    read: (items) => createDocumentStore('main', items).read('e'),
  },
  'a delegation': {
    ...{ pk: 'main#delegation#p', sk: 'd' },
    read: (items) => createDelegationStore('main', items).find('p', 'd'),
  },
  'what is in quarantine': {
    ...{ pk: 'main#quarantine', sk: 'q' },
    read: (items) => createQuarantine({ ledger: 'main', items, clock }).list({ limit: 1 }),
  },
  'a confidential field': {
    ...{ pk: 'main#sensitive#e', sk: '0000000000000000/f' },
    read: (items) =>
      createVault({ ledger: 'main', items, keys, randomBytes: (n) => new Uint8Array(n) }).open('e', 0, {
        ...{ path: '/f', hash: checked<FieldHash>('0'.repeat(64)) },
      }),
  },
  'the data key of an entity': {
    ...{ pk: 'main#data-key', sk: 'e' },
    read: (items) =>
      createVault({ ledger: 'main', items, keys, randomBytes: (n) => new Uint8Array(n) }).seal('e', '/f', 1),
  },
};

describe.each(Object.entries(READERS))('%s', (_, { pk, sk, read }) => {
  it.each(HOSTILE.map((value) => [JSON.stringify(value), value] as const))(
    'is not believed when it is %s',
    async (__, value) => {
      const items = new MemoryStore();
      await items.write([{ kind: 'put', key: { pk, sk }, value, expect: 'any' }]);
      await expect(read(items)).rejects.toMatchObject({
        code: 'ENTRY_UNREADABLE',
        message: expect.stringContaining(`"${pk}" / "${sk}" is damaged`) as string,
      });
    },
  );
});

it.each(['no JSON', '{"a":1', ''])('SQLite names the item whose text is %j', async (text) => {
  const folder = mkdtempSync(join(tmpdir(), 'nervous-hostile-'));
  try {
    const db = openForWriting(folder, { ledger: 'main', origin: 'example.com/main' });
    const store = new SqliteStore(db);
    await store.write([{ kind: 'put', key: { pk: 'p', sk: 's' }, value: 1, expect: 'any' }]);
    const other = new DatabaseSync(join(folder, 'ledger.db'));
    other.prepare('UPDATE items SET value = ?').run(text);
    other.close();
    await expect(store.get({ pk: 'p', sk: 's' })).rejects.toMatchObject({
      code: 'DATA_UNREADABLE',
      message: 'the item "p" "s" is not in the form that the engine writes',
    });
    store.close();
  } finally {
    rmSync(folder, { recursive: true });
  }
});
