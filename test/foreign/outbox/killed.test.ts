/**
 * kill -9, anywhere: of a relay, of PostgreSQL, of the engine, at random moments while transactions commit and roll back. At the end each
 * committed row has its event once in the ledger, in the order of its entity, and no other event is there.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { verifyDataDir } from '../../../adapters/embedded/index.ts';
import { enqueue, outboxState, POSTGRES_OUTBOX_SQL } from '../../../clients/outbox/postgres/index.ts';
import { killDevEngines, startDevEngine, type DevEngine } from '../../e2e/dev-engine.ts';
import { startCluster, type Cluster, type TestPool } from './cluster.ts';

/** One kill each. `npm run test:long` has 10,000. */
const ROUNDS = Number(process.env['OUTBOX_ROUNDS'] ?? 300);
const RELAYS = 4;
const WRITERS = 4;
const ENTITIES = 12;
/** Of so many rounds one kills PostgreSQL, and one the engine; the others kill a relay. */
const RARE = 32;
/** ms, at most, between the moment when everything runs and the kill */
const LIFE_MS = 60;

const dir = mkdtempSync(join(tmpdir(), 'nervous-outbox-'));
const dataDir = join(dir, 'data');
const relays = new Set<ChildProcess>();
const working: ChildProcess[] = [];
let cluster: Cluster;
let pool: TestPool;
let engine: DevEngine;
let script: string;

beforeAll(async () => {
  cluster = await startCluster();
  pool = cluster.pool(WRITERS + 2);
  await pool.query(POSTGRES_OUTBOX_SQL);
  await pool.query('CREATE TABLE accounts (id text PRIMARY KEY, orders int NOT NULL DEFAULT 0)');
  await pool.query('CREATE TABLE orders (account text, number int, event_id text, PRIMARY KEY (account, number))');
  for (let i = 0; i < ENTITIES; i++) await pool.query('INSERT INTO accounts (id) VALUES ($1)', [`account:${i}`]);
  engine = await startDevEngine(dataDir);
  // Beside the driver, which is installed there. Bundled, so that thousands of starts cost little.
  script = join(import.meta.dirname, `../node_modules/.relay-${process.pid}.mjs`);
  const entryPoints = [join(import.meta.dirname, 'relay-process.ts')];
  await build({ entryPoints, outfile: script, bundle: true, platform: 'node', format: 'esm', external: ['pg'] });
});

afterAll(async () => {
  for (const relay of relays) relay.kill('SIGKILL');
  killDevEngines();
  await pool.end();
  await cluster.close();
  rmSync(script, { force: true });
  rmSync(dir, { recursive: true, force: true });
});

/** It is among the working ones as soon as it is; who kills one does not wait for the next. */
async function startRelay(): Promise<void> {
  const args = [script, String(cluster.port), engine.url, engine.tokens['bank-feed'] ?? ''];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  relays.add(child);
  child.once('exit', () => relays.delete(child));
  await once(createInterface(child.stdout), 'line');
  working.push(child);
}

async function killOne(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** A row and its event, in one transaction; every seventh thinks better of it. */
async function order(account: string): Promise<void> {
  const client = await pool.connect();
  let isBroken = false;
  try {
    await client.query('BEGIN');
    const { rows } = await client.query('UPDATE accounts SET orders = orders + 1 WHERE id = $1 RETURNING orders', [
      account,
    ]);
    const number = Number(rows[0]?.['orders']);
    const payload = { amount: `${number}.00`, kind: 'credit' };
    const [eventId] = await enqueue(client, { topic: 'transactions.new', version: 1, entityId: account, payload });
    await client.query('INSERT INTO orders VALUES ($1, $2, $3)', [account, number, eventId]);
    await client.query(Math.random() < 1 / 7 ? 'ROLLBACK' : 'COMMIT');
  } catch (error) {
    isBroken = true;
    throw error;
  } finally {
    client.release(isBroken);
  }
}

async function writeUntil(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // Whether a commit that was not answered counts, the table says at the end.
    await order(`account:${Math.floor(Math.random() * ENTITIES)}`).catch(() => sleep(20));
    await sleep(Math.random() * 40);
  }
}

it(`loses and doubles nothing in ${ROUNDS} kills`, { timeout: 4 * 60 * 60 * 1000 }, async () => {
  const stopper = new AbortController();
  const writing = Array.from({ length: WRITERS }, () => writeUntil(stopper.signal));
  let starting: Promise<unknown> = Promise.all(Array.from({ length: RELAYS }, startRelay));
  const killed = { relay: 0, postgres: 0, engine: 0 };
  for (let round = 0; round < ROUNDS; round++) {
    await sleep(Math.random() * LIFE_MS);
    const victim = round % RARE === 3 ? 'postgres' : round % RARE === 19 ? 'engine' : 'relay';
    killed[victim] += 1;
    if (victim === 'postgres') await cluster.killAndRestart();
    else if (victim === 'engine') {
      await killOne(engine.child);
      engine = await startDevEngine(dataDir, new URL(engine.url).port);
    } else {
      while (working.length === 0) await sleep(5);
      const [relay] = working.splice(Math.floor(Math.random() * working.length), 1);
      if (relay !== undefined) await killOne(relay);
      starting = Promise.all([starting, startRelay()]);
    }
  }
  stopper.abort();
  await Promise.all([...writing, starting]);
  while ((await outboxState(pool)).waiting > 0) await sleep(100);
  const alive = [...relays];
  const ended = Promise.all(alive.map((relay) => once(relay, 'exit')));
  for (const relay of alive) relay.kill('SIGTERM');
  expect(await ended).toEqual(alive.map(() => [0, null]));
  engine.child.kill('SIGTERM');
  await once(engine.child, 'exit');

  const { rows } = await pool.query('SELECT account, number, event_id FROM orders ORDER BY account, number');
  const committed = rows.map((row) => [row['account'], row['number'], row['event_id']]);
  const recorded = eventsOf(dataDir);
  expect((await outboxState(pool)).parked).toBe(0);
  expect(recorded.length).toBe(committed.length);
  expect(recorded).toEqual(committed);
  expect(committed.length).toBeGreaterThan(ROUNDS / 4);
  expect(await verifyDataDir(dataDir)).toMatchObject({ verdict: 'OK' });
  console.log(
    `${ROUNDS} kills (${JSON.stringify(killed)}), ${committed.length} rows committed, as many events, each once and in order`,
  );
});

/** account, number and id of every event, in the order of the chains */
function eventsOf(ledger: string): [string, number, string][] {
  const db = new DatabaseSync(join(ledger, 'ledger.db'), { readOnly: true });
  const rows = db.prepare("SELECT chain, note FROM entries WHERE chain LIKE 'account:%' ORDER BY chain, seq").all();
  db.close();
  return rows.flatMap(({ chain, note }) => {
    const entry = JSON.parse(
      Buffer.from(note as Uint8Array)
        .toString()
        .split('\n')[1] ?? '',
    ) as {
      readonly type: string;
      readonly idem: string;
      readonly data: { readonly payload: { readonly amount: string } };
    };
    return entry.type === 'event' ? [[String(chain), Number(entry.data.payload.amount), entry.idem]] : [];
  });
}
