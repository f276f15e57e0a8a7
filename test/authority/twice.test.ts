/**
 * V5: an idempotency key is deleted behind the engine's back. An honest retry is answered with what is recorded, because the
 * embedded engine finds it by its entry; and what is recorded twice all the same is named, at the second entry.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { createSequencer } from '../../adapters/aws/dynamo/sequencer.ts';
import { verifyTable } from '../../adapters/aws/verify/verify-table.ts';
import {
  exportDataDir,
  restoreExport,
  startEngine,
  verifyDataDir,
  verifyExport,
  type Engine,
} from '../../adapters/embedded/index.ts';
import { openRootKey } from '../../adapters/embedded/keys/root-key.ts';
import { openForReading, openForWriting } from '../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { systemClock, systemIds } from '../../adapters/embedded/machine/system-clock.ts';
import { FakeClock, memoryRootSigner, CountingIds, localSealer } from '../../adapters/memory/index.ts';
import type { PublishResult } from '../../core/events/index.ts';
import { createAppender, formatVerifierKey, parseEntry } from '../../core/ledger/index.ts';
import { config } from '../../nervous.config.ts';
import { fakeStore } from '../adapters/aws/fake-store.ts';

const dirs: string[] = [];
const newDir = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'nervous-twice-'));
  dirs.push(dir);
  return dir;
};
afterAll(() => dirs.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

/** Publishes the event of this id on the account; the engine answers a repetition with what it has recorded. */
async function publish(engine: Engine, eventId: string): Promise<PublishResult | undefined> {
  const feed = engine.system.policy.principal('bank-feed');
  if (feed === undefined) throw new Error('the sample roster has changed');
  const payload = { amount: '7.00', kind: 'credit' };
  const events = [{ eventId, topic: 'transactions.new', entityId: 'account:1', payload }];
  return (await engine.system.publish(feed, events))[0];
}

async function onEngine<T>(dataDir: string, work: (engine: Engine) => Promise<T>, errors: unknown[] = []): Promise<T> {
  const onError = (error: unknown): void => void errors.push(error);
  const engine = await startEngine({ config, dataDir, http: false, onError });
  try {
    return await work(engine);
  } finally {
    await engine.close();
  }
}

const deleteKey = (dataDir: string): void => {
  const db = new DatabaseSync(join(dataDir, 'ledger.db'));
  expect(db.prepare("DELETE FROM idempotency WHERE key = 'event/bank-feed/t-9'").run().changes).toBe(1);
  db.close();
};

/** The newest entry of the account once more, as somebody writes it who has the keys and asks nobody. */
async function forgeAgain(dataDir: string): Promise<void> {
  const store = new SqliteStore(openForWriting(dataDir, config));
  const rootSigner = openRootKey(dataDir, config.origin);
  const fixture = { sealer: localSealer, clock: systemClock, ids: systemIds };
  const appender = createAppender({ ledger: config.ledger, origin: config.origin, store, rootSigner, ...fixture });
  const parsed = parseEntry((await store.head('account:1'))?.note ?? new Uint8Array());
  if (parsed.kind !== 'entry') throw new Error(parsed.reason);
  const { type, actor, idem, data } = parsed.body;
  await appender.append({ entries: [{ chain: 'account:1', draft: { type, actor, idem, data } }] });
  store.close();
}

describe('a key that was deleted', () => {
  it('V5: does not make the running engine record an event again: it answers with the entry, tells it and records it', async () => {
    const dir = newDir();
    const errors: unknown[] = [];
    const [first, again] = await onEngine(
      dir,
      async (engine) => {
        const recorded = await publish(engine, 't-9');
        deleteKey(dir);
        return [recorded, await publish(engine, 't-9')];
      },
      errors,
    );
    expect(again).toEqual({ ...first, status: 'duplicate' });
    expect(errors.map(String)).toEqual([expect.stringContaining('event/bank-feed/t-9')]);
    expect(errors).toMatchObject([{ code: 'DATA_TAMPERED' }]);
    const db = openForReading(dir);
    const store = new SqliteStore(db, { readOnly: true });
    expect(await store.read('account:1', 0, 9)).toHaveLength(1);
    const told = await store.read('system/tamper', 0, 9);
    expect(told.map(({ note }) => Buffer.from(note).toString())).toEqual([
      expect.stringContaining('"entity":"account:1","position":'),
    ]);
    db.close();
    expect(await verifyDataDir(dir)).toMatchObject({ verdict: 'OK' });
  });

  it('V5: does not do so to an engine that starts afterwards either', async () => {
    const dir = newDir();
    const first = await onEngine(dir, (engine) => publish(engine, 't-9'));
    deleteKey(dir);
    const again = await onEngine(dir, async (engine) => [await publish(engine, 't-9'), await publish(engine, 't-10')]);
    expect(again).toMatchObject([
      { ...first, status: 'duplicate' },
      { status: 'accepted', seq: 1 },
    ]);
  });
});

describe('what was recorded twice', () => {
  it('V5: is DUPLICATE_ENTRY at the second entry, in the folder, its export, and when it is to be restored', async () => {
    const dir = newDir();
    await onEngine(dir, async (engine) => {
      await publish(engine, 't-8');
      await publish(engine, 't-9');
      await publish(engine, 't-9'); // answered with what is there
    });
    expect(await verifyDataDir(dir)).toMatchObject({ verdict: 'OK' });
    await forgeAgain(dir);
    const twice = { verdict: 'DUPLICATE_ENTRY', firstBad: { entity: 'account:1', seq: 2 } };
    for (const mode of ['full', 'state'] as const)
      expect(await verifyDataDir(dir, { scope: { mode } })).toMatchObject(twice);
    const [out, restored] = [join(newDir(), 'export'), join(newDir(), 'restored')];
    await exportDataDir({ dataDir: dir, out });
    const key = formatVerifierKey(config.origin, openRootKey(dir, config.origin).publicKey);
    expect(await verifyExport(out, { verifierKeys: [key] })).toMatchObject(twice);
    await expect(restoreExport({ from: out, dataDir: restored, verifierKeys: [key] })).rejects.toThrow(
      /DUPLICATE_ENTRY at "account:1" #2/,
    );
    expect(existsSync(restored)).toBe(false);
  });

  it('V5: is DUPLICATE_ENTRY at the second entry in the tables of AWS', async () => {
    const { store, dynamo } = fakeStore();
    const root = memoryRootSigner('ledger.test/main');
    const clock = new FakeClock();
    const appender = createAppender({
      ...{
        ledger: 'main',
        origin: root.name,
        store,
        sealer: localSealer,
        rootSigner: root,
        clock,
        ids: new CountingIds(),
      },
    });
    const idemKey = 'event/bank-feed/t-9';
    const data = { topic: 'transactions.new', version: 1, source: 'bank-feed', payload: { source: 'elsewhere' } };
    const draft = { type: 'event', actor: { kind: 'module' as const, id: 'bank-feed' }, idem: 't-9', data };
    const append = () => appender.append({ entries: [{ chain: 'account:1', idemKey, draft }] });
    const verify = () => verifyTable({ store, ledger: 'main', origin: root.name, root, clock });
    await append();
    expect(await append()).toMatchObject({ kind: 'exists' });
    await createSequencer({ store }).catchUp();
    expect(await verify()).toMatchObject({ verdict: 'OK' });
    dynamo.tables.get('state')?.delete(`main#idem#${idemKey}`);
    expect(await append()).toMatchObject({ kind: 'appended' });
    await createSequencer({ store }).catchUp();
    expect(await verify()).toMatchObject({ verdict: 'DUPLICATE_ENTRY', firstBad: { entity: 'account:1', seq: 1 } });
  });
});
