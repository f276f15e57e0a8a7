/**
 * The thread that writes, in an engine started as a user starts it: whoever publishes when it ends is told, the process ends by itself, and
 * the next one has everything that was acknowledged. And the process at its end in the middle of a write, on that thread or another.
 */
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openForReading } from '../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { verifyDataDir } from '../../adapters/embedded/index.ts';
import type { BatchResult, ProblemDetails } from '../../api/index.ts';
import { must } from '../../core/errors/index.ts';
import { parseEntry } from '../../core/ledger/index.ts';
import { killDevEngines, startDevEngine, startDevEngineWith, type DevEngine } from './dev-engine.ts';

const PUBLISHERS = 4;
/** More than the store writes on the thread that serves. */
const IN_A_BATCH = 5;
const ACKNOWLEDGED_BEFORE = 60;
const fixture = (name: string): string => new URL(`./fixtures/${name}`, import.meta.url).href;
/** Of the heap, for all threads: what is filled is soon full. */
const SMALL_HEAP = '--max-old-space-size=256';

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'nervous-writing-thread-'));
});
afterEach(() => {
  killDevEngines();
  rmSync(dataDir, { recursive: true, force: true });
});

interface Published {
  /** event ids in the order of answers */
  readonly acknowledged: Set<string>;
  readonly refusals: ProblemDetails[];
}

/** Batches until nobody answers. */
async function publish(engine: DevEngine, life: string, { acknowledged, refusals }: Published): Promise<void> {
  const headers = { authorization: `Bearer ${engine.tokens['bank-feed'] ?? ''}`, 'content-type': 'application/json' };
  const publisher = async (who: number): Promise<void> => {
    for (let i = 0; ; i++) {
      const events = Array.from({ length: IN_A_BATCH }, (_, n) => ({
        ...{ eventId: `${life}-${who}-${i}-${n}`, topic: 'transactions.new', entityId: `account:${who}-${n}` },
        payload: { amount: '1.00', kind: 'credit' },
      }));
      const body = JSON.stringify({ events });
      const response = await fetch(`${engine.url}/v1/events`, { method: 'POST', headers, body });
      const answer = (await response.json()) as BatchResult | ProblemDetails;
      if (!('results' in answer)) {
        refusals.push(answer);
        continue;
      }
      for (const result of answer.results)
        if (result.status === 'rejected') refusals.push(result.problem);
        else acknowledged.add(result.eventId);
    }
  };
  for (const ended of await Promise.allSettled(Array.from({ length: PUBLISHERS }, (_, who) => publisher(who))))
    if (ended.status === 'rejected') expect(String(ended.reason)).toMatch(/fetch failed|terminated|aborted|JSON/);
}

async function expectRecordedOnce(acknowledged: ReadonlySet<string>): Promise<void> {
  expect(await verifyDataDir(dataDir)).toMatchObject({ verdict: 'OK' });
  const db = openForReading(dataDir);
  const log = await new SqliteStore(db, { readOnly: true }).readLog(0, 1_000_000);
  db.close();
  const ids = log.flatMap(({ note }) => {
    const parsed = parseEntry(note);
    return parsed.kind === 'entry' && parsed.body.type === 'event' ? [parsed.body.idem] : [];
  });
  expect(acknowledged.difference(new Set(ids))).toEqual(new Set());
  expect(new Set(ids).size).toBe(ids.length);
}

it.each(['exit', 'throw', 'memory'])(
  'that ends (%s) takes the engine with it, and nothing acknowledged',
  async (way) => {
    const engine = await startDevEngineWith(dataDir, {
      preload: fixture('end-writing-thread.ts'),
      nodeOptions: SMALL_HEAP,
    });
    let told = '';
    must(engine.child.stderr, 'what it says').on('data', (text: Buffer) => (told += text.toString()));
    const ended = once(engine.child, 'exit');
    const published: Published = { acknowledged: new Set(), refusals: [] };
    const publishing = publish(engine, 'first', published);
    while (published.acknowledged.size < ACKNOWLEDGED_BEFORE) await new Promise((resolve) => setTimeout(resolve, 5));
    const trigger = join(dataDir, 'end-the-writing-thread');
    writeFileSync(trigger, way);
    expect(await ended).toEqual([1, null]);
    await publishing;
    rmSync(trigger);
    expect(told).toMatch(/the thread that writes the ledger ended/);
    expect(published.refusals.filter(({ code }) => code !== 'STORE_UNAVAILABLE')).toEqual([]);
    await expectRecordedOnce(published.acknowledged);

    const again = await startDevEngine(dataDir);
    const publishingAgain = publish(again, 'second', published);
    const enough = published.acknowledged.size + ACKNOWLEDGED_BEFORE;
    while (published.acknowledged.size < enough) await new Promise((resolve) => setTimeout(resolve, 5));
    again.child.kill('SIGKILL');
    await publishingAgain;
    await expectRecordedOnce(published.acknowledged);
  },
);

it('and the process with it, in a write: nothing acknowledged is lost', async () => {
  const published: Published = { acknowledged: new Set(), refusals: [] };
  const lives = [100, 240, 395, 640, 1_000];
  let served = 0;
  for (const fileLimit of lives) {
    const engine = await startDevEngineWith(dataDir, { preload: fixture('die-at-file-limit.ts'), fileLimit }).catch(
      (error: unknown) => String(error),
    );
    if (typeof engine === 'string') {
      expect(engine).toMatch(/SIGXFSZ before it served/);
      continue;
    }
    served += 1;
    const ended = once(engine.child, 'exit');
    await publish(engine, String(fileLimit), published);
    expect(await ended).toEqual([null, 'SIGXFSZ']);
    if (existsSync(join(dataDir, 'ledger.db'))) await expectRecordedOnce(published.acknowledged);
  }
  expect([served > 2, published.acknowledged.size > ACKNOWLEDGED_BEFORE]).toEqual([true, true]);
});
