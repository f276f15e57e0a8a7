/** How far a verification has come, and that whoever waits for it gets a turn meanwhile; counted, never timed. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createProgress, progressOf } from '../../../../adapters/embedded/audit/progress.ts';
import { TurnTakingStore } from '../../../../adapters/embedded/audit/turn-taking-store.ts';
import { startEngine, verifyDataDir } from '../../../../adapters/embedded/index.ts';
import { openForReading } from '../../../../adapters/embedded/store/sqlite-schema.ts';
import { config } from '../../../../nervous.config.ts';

const EVENTS = 1_500;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'nervous-progress-'));
  const engine = await startEngine({ config, dataDir: folder, http: false });
  const feed = engine.system.policy.principal('bank-feed');
  if (feed === undefined) throw new Error('the sample roster has changed');
  for (let from = 0; from < EVENTS; from += 100) {
    const event = (_: unknown, i: number) => ({
      ...{ eventId: `p${from + i}`, topic: 'transactions.new', entityId: `account:${i}` },
      payload: { amount: '1.00', kind: 'credit' },
    });
    await engine.system.publish(feed, Array.from({ length: 100 }, event));
  }
  await engine.log.loop.flush();
  await engine.close();
});
afterAll(() => rmSync(folder, { recursive: true }));

it.each([{}, { signatures: false }])('counts every entry of the log once: %j', async (options) => {
  const progress = createProgress();
  expect(progressOf(progress)).toEqual({ entries: 0, of: 0 });
  const { entries } = await verifyDataDir(folder, { ...options, progress });
  expect(entries).toBeGreaterThan(EVENTS);
  expect(progressOf(progress)).toEqual({ entries, of: entries });
});

it('counts of a range what lies in its tiles', async () => {
  const progress = createProgress();
  await verifyDataDir(folder, { scope: { mode: 'range', from: 300, to: 400 }, progress });
  expect(progressOf(progress)).toEqual({ entries: 256, of: 256 });
});

it('is seen under way: between any two pages others on its thread have their turn', async () => {
  const progress = createProgress();
  const seen = new Set<number>();
  let isDone = false;
  const look = (): void => {
    seen.add(progressOf(progress).entries);
    if (!isDone) setImmediate(look);
  };
  setImmediate(look);
  const { entries } = await verifyDataDir(folder, { progress });
  isDone = true;
  for (let page = 256; page < entries; page += 256) expect(seen).toContain(page);
});

it('gives others their turn where it reads chains and documents, too', async () => {
  const db = openForReading(folder);
  const store = new TurnTakingStore(db, { readOnly: true });
  let turns = 0;
  let isDone = false;
  const look = (): void => {
    turns += 1;
    if (!isDone) setImmediate(look);
  };
  setImmediate(look);
  for (let i = 0; i < 320; i += 1) await store.read(`account:${i % 100}`, 0, 1);
  for (let i = 0; i < 320; i += 1) await store.get({ pk: 'main#document', sk: `account:${i}` });
  isDone = true;
  db.close();
  expect(turns).toBeGreaterThanOrEqual(10);
});
