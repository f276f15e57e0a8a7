/** V5: an idempotency key is deleted behind the engine's back, and an honest retry is recorded again: the second entry is named. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, describe, expect, it } from 'vitest';
import { createSequencer } from '../../adapters/aws/sequencer.ts';
import { verifyTable } from '../../adapters/aws/verify-table.ts';
import {
  exportDataDir,
  restoreExport,
  startEngine,
  verifyDataDir,
  verifyExport,
} from '../../adapters/embedded/index.ts';
import { openRootKey } from '../../adapters/embedded/root-key.ts';
import { FakeClock, memoryRootSigner, CountingIds, localSealer } from '../../adapters/memory/index.ts';
import { createAppender, formatVerifierKey } from '../../core/ledger/index.ts';
import { config } from '../../nervous.config.ts';
import { fakeStore } from '../adapters/aws/fake-world.ts';

const dirs: string[] = [];
const newDir = (): string => {
  const dir = mkdtempSync(join(tmpdir(), 'nervous-twice-'));
  dirs.push(dir);
  return dir;
};
afterAll(() => dirs.forEach((dir) => rmSync(dir, { recursive: true, force: true })));

/** Publishes the event of this id on the account; the engine answers a repetition with what it has recorded. */
async function publish(dataDir: string, eventId: string): Promise<void> {
  const engine = await startEngine({ config, dataDir, http: false });
  try {
    const feed = engine.system.policy.principal('bank-feed');
    if (feed === undefined) throw new Error('the sample roster has changed');
    const payload = { amount: '7.00', kind: 'credit' };
    await engine.system.publish(feed, [{ eventId, topic: 'transactions.new', entityId: 'account:1', payload }]);
  } finally {
    await engine.close();
  }
}

describe('what was recorded twice', () => {
  it('V5: is DUPLICATE_ENTRY at the second entry, in the folder, its export, and when it is to be restored', async () => {
    const dir = newDir();
    await publish(dir, 't-8');
    await publish(dir, 't-9');
    await publish(dir, 't-9'); // answered with what is there
    expect(await verifyDataDir(dir)).toMatchObject({ verdict: 'OK' });
    const db = new DatabaseSync(join(dir, 'ledger.db'));
    db.exec("DELETE FROM idempotency WHERE key = 'event/bank-feed/t-9'");
    db.close();
    await publish(dir, 't-9');
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
