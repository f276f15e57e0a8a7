/** Narrow filters on the embedded engine: pages out of an index, while others publish, after a restart, and on a folder from before there was one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import { checkIndex, rebuildIndex } from '../../adapters/embedded/store/rebuild-index.ts';
import { openForWriting } from '../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { FakeClock } from '../../adapters/memory/index.ts';
import type { ItemKey } from '../../core/ledger/index.ts';
import { must } from '../../core/errors/index.ts';
import { createPolicy, type Principal } from '../../core/policy/index.ts';
import { createFeed, createLogIndex, createTopicIndexer } from '../../core/system/index.ts';
import { BLOCK } from '../../core/system/feed/topic-blocks.ts';
import { config as testConfig } from '../api/test-system.ts';
import { config as sample } from '../../bench/support/bench-config.ts';
import { craftedEntry, craftedLog } from '../support/crafted-log.ts';

const COMMON = 'transactions.new';
const RARE = 'transactions.corrected';
const feeding = { ...must(sample.modules['bank-feed'], 'the module'), publishes: ['transactions.*'] };
const config = {
  ...sample,
  topics: { ...sample.topics, [RARE]: must(sample.topics[COMMON], 'the topic') },
  modules: { ...sample.modules, 'bank-feed': feeding },
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'ns-feed-index-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const start = (): Promise<Engine> => startEngine({ config, dataDir: folder, http: false, auditMinutes: 0 });
const who = (engine: Engine, id: string): Principal => engine.system.policy.principal(id) as Principal;

async function readAll(engine: Engine, filter: object): Promise<string[]> {
  const ids: string[] = [];
  for (let after: string | undefined; ;) {
    const options = { ...filter, limit: 50, waitMs: 0, ...(after === undefined ? {} : { after }) };
    const page = await engine.system.feed.read(who(engine, 'eva'), options);
    ids.push(...page.items.map(({ event }) => event.eventId));
    if (page.cursor === after) return ids;
    after = page.cursor;
  }
}

const event = (i: number, topic: string) => ({
  eventId: `e-${i}`,
  topic,
  entityId: `account:${i % 50}`,
  payload: { amount: '1.00', kind: 'credit', operation: 'VKLAD', date: '1993-01-01', balance: '2.00' },
});
const EVENTS = 3 * BLOCK + 100;
const isRare = (i: number): boolean => i % 97 === 3;
const rareIds = Array.from({ length: EVENTS }, (_, i) => i)
  .filter(isRare)
  .map((i) => `e-${i}`);

async function publishAll(engine: Engine): Promise<void> {
  for (let from = 0; from < EVENTS; from += 100) {
    const batch = Array.from({ length: Math.min(100, EVENTS - from) }, (_, i) => from + i);
    const results = await engine.system.publish(
      who(engine, 'bank-feed'),
      batch.map((i) => event(i, isRare(i) ? RARE : COMMON)),
    );
    expect(results.filter(({ status }) => status !== 'accepted')).toEqual([]);
  }
}

/** Where the index of topics ends, once it reaches as far as it can. */
async function indexed(): Promise<number> {
  for (;;) {
    const db = new DatabaseSync(join(folder, 'ledger.db'), { readOnly: true });
    const row = db.prepare(`SELECT value FROM items WHERE pk = 'main#topic-index' AND sk = 'end'`).get();
    db.close();
    const { end } = JSON.parse(String(row?.['value'] ?? '{"end":0}')) as { end: number };
    if (end >= 3 * BLOCK) return end;
    await sleep(50);
  }
}

it('gives the same by topic and by entity while others publish, indexed, after a restart, and on a folder without an index', async () => {
  let engine = await start();
  const publishing = publishAll(engine);
  const meanwhile: string[] = [];
  for (let after = 'p0'; meanwhile.length < rareIds.length;) {
    const options = { topics: [RARE], limit: 50, waitMs: 5, after };
    const page = await engine.system.feed.read(who(engine, 'eva'), options);
    meanwhile.push(...page.items.map(({ event: { eventId } }) => eventId));
    after = page.cursor;
  }
  await publishing;
  expect(meanwhile).toEqual(rareIds);
  const agrees = async (): Promise<void> => {
    expect(await readAll(engine, { topics: [RARE] })).toEqual(rareIds);
    const ofSeven = Array.from({ length: EVENTS }, (_, i) => i).filter((i) => i % 50 === 7);
    expect(await readAll(engine, { entityId: 'account:7' })).toEqual(ofSeven.map((i) => `e-${i}`));
    expect(await readAll(engine, { entityId: 'account:7', topics: [RARE] })).toEqual(
      ofSeven.filter(isRare).map((i) => `e-${i}`),
    );
  };
  expect(await indexed()).toBe(3 * BLOCK);
  await agrees();
  await engine.close();
  expect(await checkIndex(folder)).toBeUndefined();
  engine = await start();
  await agrees();
  await engine.close();
  const old = new DatabaseSync(join(folder, 'ledger.db'));
  old.exec(`DELETE FROM items WHERE pk GLOB 'main#topic-index*'`);
  old.close();
  engine = await start();
  await agrees();
  expect(await indexed()).toBe(3 * BLOCK);
  await agrees();
  await engine.close();
  expect(await checkIndex(folder)).toBeUndefined();
});

it('names what a reader by topic would miss, and mends it', async () => {
  const engine = await start();
  await publishAll(engine);
  await indexed();
  await engine.close();
  const db = new DatabaseSync(join(folder, 'ledger.db'));
  db.exec(`DELETE FROM items WHERE pk = 'main#topic-index#${RARE}' AND sk = '${String(BLOCK).padStart(16, '0')}'`);
  db.close();
  expect(await checkIndex(folder)).toContain(`"${RARE}", from log index ${BLOCK}`);
  await rebuildIndex(folder);
  expect(await checkIndex(folder)).toBeUndefined();
});

it('reads what it finds, of 120,000 entries as of 30,000', async () => {
  const [everyNth, entities] = [10_000, 500];
  const policy = createPolicy(testConfig.roster, testConfig.modules);
  const reads: number[][] = [];
  for (const count of [30_000, 120_000]) {
    const store = new SqliteStore(openForWriting(join(folder, String(count)), { ledger: 'main', origin: 'o' }));
    const page: ReturnType<typeof craftedEntry>[] = [];
    for (const crafted of craftedLog(count, { entities, everyNth })) {
      if (page.push(craftedEntry(crafted)) < 1_000) continue;
      await store.commit(page.splice(0).map((entry) => ({ entries: [entry], writes: [] })));
    }
    await createTopicIndexer({ ledger: 'main', entries: store, items: store }).extend();
    let [calls, rows] = [0, 0];
    const counted = async <T>(answer: Promise<T>): Promise<T> => {
      const told = await answer;
      calls += 1;
      rows += Array.isArray(told) ? told.length : 1;
      return told;
    };
    const counting = {
      exclusive: true,
      size: () => counted(store.size()),
      head: (chain: string) => counted(store.head(chain)),
      read: (chain: string, from: number, limit: number) => counted(store.read(chain, from, limit)),
      readLog: (from: number, limit: number) => counted(store.readLog(from, limit)),
      get: (key: ItemKey) => counted(store.get(key)),
      list: (pk: string, options: Parameters<typeof store.list>[1]) => counted(store.list(pk, options)),
    };
    const clock = new FakeClock();
    const index = createLogIndex({ ledger: 'main', entries: counting, items: counting, clock });
    const { feed } = createFeed({ entries: counting, policy, clock, streams: { perPrincipal: 1 }, index });
    for (const filter of [{ topics: ['rare.seen'] }, { entityId: 'account:rare' }]) {
      [calls, rows] = [0, 0];
      const found = await feed.read(policy.principal('aud') as Principal, { ...filter, limit: 3, waitMs: 0 });
      expect(found.items.map(({ event: { eventId } }) => eventId)).toEqual(['e-9999', 'e-19999', 'e-29999']);
      reads.push([calls, rows]);
    }
    store.close();
  }
  const [byTopic, byEntity, ...large] = reads;
  for (const [calls = Infinity, rows = Infinity] of large) {
    expect(calls).toBeLessThanOrEqual(16);
    expect(rows).toBeLessThanOrEqual(40);
  }
  expect(byTopic?.[0]).toBeLessThanOrEqual(16);
  expect(byEntity?.[0]).toBeLessThanOrEqual(16);
});
