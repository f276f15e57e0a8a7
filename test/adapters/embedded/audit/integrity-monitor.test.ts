import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startEngine, type Engine } from '../../../../adapters/embedded/index.ts';
import { readRootPublicKey } from '../../../../adapters/embedded/keys/root-key.ts';
import { startIntegrityMonitor } from '../../../../adapters/embedded/audit/integrity-monitor.ts';
import { parseEntry, TAMPER_CHAIN } from '../../../../core/ledger/index.ts';
import { FakeClock } from '../../../../adapters/memory/index.ts';

import { config } from '../../../../nervous.config.ts';

/** Between two events of a topic: a storm is more than 100 in a second. */
const STORMLESS_MS = 20;

let dataDir: string;
let engine: Engine;
let told: unknown[];

const start = async (): Promise<void> => {
  engine = await startEngine({
    ...{ config, dataDir, http: false, checkpointMs: 3_600_000, auditMinutes: 0 },
    onError: (error) => told.push(error),
  });
};

beforeEach(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'nervous-watch-'));
  told = [];
  await start();
});
afterEach(async () => {
  await engine.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function publish(account: number, count = 1): Promise<void> {
  const feed = engine.system.policy.principal('bank-feed');
  if (feed === undefined) throw new Error('the sample roster has changed');
  for (let i = 0; i < count; i += 1)
    await engine.system.publish(feed, [
      { topic: 'transactions.new', entityId: `account:${account}`, payload: { amount: '1.00', kind: 'credit' } },
    ]);
  await engine.log.loop.flush();
}

/** With a confidential field, which is kept beside the entry. */
async function signIn(account: number): Promise<void> {
  const agents = engine.system.policy.principal('agent-layer');
  if (agents === undefined) throw new Error('the sample roster has changed');
  const payload = { method: 'password', ip: '203.0.113.9' };
  await engine.system.publish(agents, [{ topic: 'user.login', entityId: `account:${account}`, payload }]);
}

/** Somebody else with the file open, while the engine runs. */
function tamper(sql: string): void {
  const db = new DatabaseSync(join(dataDir, 'ledger.db'), { timeout: 60_000 }); // the engine writes, too
  db.exec(sql);
  db.close();
}

function sizeOf(): number {
  const db = new DatabaseSync(join(dataDir, 'ledger.db'), { readOnly: true });
  const row = db.prepare('SELECT max(position) + 1 AS size FROM entries').get();
  db.close();
  return Number(row?.['size']);
}

function observed(): Record<string, unknown>[] {
  const db = new DatabaseSync(join(dataDir, 'ledger.db'), { readOnly: true });
  const rows = db.prepare('SELECT note FROM entries WHERE chain = ? ORDER BY seq').all(TAMPER_CHAIN);
  db.close();
  return rows.map(({ note }) => {
    const parsed = parseEntry(note as Uint8Array);
    return parsed.kind === 'entry' ? { type: parsed.body.type, ...parsed.body.data } : {};
  });
}

const watched = async () => (await engine.system.validate()).checks.find(({ name }) => name === 'tamper watch');

it('says nothing about an honest ledger, however often it looks, and through a rotation', async () => {
  expect(await watched()).toMatchObject({ ok: true, detail: 'nothing was audited yet' });
  await publish(1, 3);
  expect((await engine.audit()).verdict).toBe('OK');
  await publish(2, 3);
  const second = await engine.audit();
  expect(second.verdict).toBe('OK');
  await engine.rotateRootKey('test');
  await publish(3, 3);
  expect((await engine.audit()).verdict).toBe('OK');
  expect((await engine.audit(true)).verdict).toBe('OK');
  expect([told, observed()]).toEqual([[], []]);
  expect(await watched()).toMatchObject({ ok: true, detail: expect.stringContaining('nothing found') as string });
});

it('notices a changed entry that is new, tells of it once, records it once and shows it until it is gone', async () => {
  await publish(1, 3);
  await engine.audit();
  await publish(2, 2);
  tamper(
    `UPDATE entries SET note = CAST(replace(note, '"1.00"', '"9.00"') AS BLOB) WHERE chain = 'account:2' AND seq = 1`,
  );
  expect(await engine.audit()).toMatchObject({
    verdict: 'CONTENT_MISMATCH',
    firstBad: { entity: 'account:2', seq: 1 },
  });
  await engine.audit();
  expect(told).toEqual([expect.objectContaining({ code: 'DATA_TAMPERED' })]);
  expect(observed()).toEqual([
    expect.objectContaining({
      type: 'tamper.observed',
      entity: 'account:2',
      seq: 1,
      change: 'modified',
      verdict: 'CONTENT_MISMATCH',
    }),
  ]);
  expect(await watched()).toMatchObject({ ok: false, detail: expect.stringContaining('account:2') as string });
  expect((await engine.system.validate()).ok).toBe(false);
  tamper(
    `UPDATE entries SET note = CAST(replace(note, '"9.00"', '"1.00"') AS BLOB) WHERE chain = 'account:2' AND seq = 1`,
  );
  expect((await engine.audit()).verdict).toBe('OK');
  expect(await watched()).toMatchObject({ ok: true });
});

it('notices a removed entry, and goes on serving', async () => {
  await publish(1, 3);
  tamper(`DELETE FROM entries WHERE chain = 'account:1' AND seq = 1`);
  expect(await engine.audit()).toMatchObject({ verdict: 'MISSING_ENTRY' });
  expect(observed()).toEqual([expect.objectContaining({ change: 'removed', entity: 'account:1', seq: 1 })]);
  await publish(2);
});

it('notices in the next full look what was changed of what it had seen', async () => {
  await publish(1, 300);
  await engine.audit();
  tamper(
    `UPDATE entries SET note = CAST(replace(note, '"1.00"', '"9.00"') AS BLOB) WHERE chain = 'account:1' AND seq = 1`,
  );
  await publish(2);
  expect((await engine.audit(true)).verdict).toBe('CONTENT_MISMATCH');
});

it('notices a ledger that was put back whole: store, log, anchors and the memory of the witness', async () => {
  await publish(1, 3);
  await publish(2, 3);
  expect((await engine.audit()).verdict).toBe('OK');
  const end = sizeOf() - 3;
  tamper(`DELETE FROM entries WHERE position >= ${end}; DELETE FROM batches WHERE first >= ${end};
    DELETE FROM idempotency WHERE position >= ${end};`);
  for (const folder of ['log', 'anchors', 'witness']) rmSync(join(dataDir, folder), { recursive: true });
  expect(await engine.audit(true)).toMatchObject({
    verdict: expect.stringMatching(/ROLLED_BACK|MISSING_ENTRY/) as string,
  });
  expect(told).toContainEqual(expect.objectContaining({ code: 'DATA_TAMPERED' }));
});

it('raises no false alarm while entries are recorded and published', async () => {
  const done = new AbortController();
  const publishing = (async () => {
    while (!done.signal.aborted) {
      await publish(1, 5);
      await signIn(2);
      await sleep(STORMLESS_MS);
    }
  })();
  for (let i = 0; i < 4; i += 1) expect(await engine.audit(i % 2 === 0)).toMatchObject({ verdict: 'OK' });
  done.abort();
  await publishing;
  expect(told).toEqual([]);
});

it('looks by itself, at its interval, and stops when told', async () => {
  await publish(1, 3);
  tamper(
    `UPDATE entries SET note = CAST(replace(note, '"1.00"', '"9.00"') AS BLOB) WHERE chain = 'account:1' AND seq = 1`,
  );
  const clock = new FakeClock();
  const found = Promise.withResolvers<unknown>();
  const requests: unknown[] = [];
  const recorded = Promise.withResolvers<undefined>();
  const monitor = startIntegrityMonitor({
    ...{ dataDir, clock, root: readRootPublicKey(dataDir), intervalMs: 600_000, onError: found.resolve },
    appender: {
      append: async (request) => {
        requests.push(request);
        recorded.resolve(undefined);
        return { kind: 'appended', entries: [] };
      },
    },
  });
  await clock.advance(599_999);
  expect(monitor.status().ok).toBe(true);
  await clock.advance(1);
  expect(await found.promise).toMatchObject({ code: 'DATA_TAMPERED' });
  await recorded.promise;
  expect(requests).toHaveLength(1);
  await monitor.stop();
  await clock.advance(6_000_000);
  expect(requests).toHaveLength(1);
});
