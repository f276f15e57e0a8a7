/** R6: an engine on a ledger from before change-sets were counted; its doctor; and a state that reads no change-set. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startEngine, type Engine } from '../../adapters/embedded/index.ts';
import { checkIndex, rebuildIndex } from '../../adapters/embedded/store/rebuild-index.ts';
import { config } from '../../nervous.config.ts';

const INDICES = `pk GLOB '*#change-count' OR pk GLOB '*#change-waiting' OR pk GLOB '*#change-timer' OR pk GLOB '*#change-awaits#*' OR pk GLOB '*#change-index'`;

let dataDir: string;
let engine: Engine | undefined;

beforeEach(() => void (dataDir = mkdtempSync(join(tmpdir(), 'nervous-many-'))));
afterEach(async () => {
  await engine?.close();
  engine = undefined;
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(): Promise<Engine> {
  return (engine = await startEngine({ config, dataDir, http: false, onError: () => undefined }));
}

function person(id: string) {
  const found = engine?.system.policy.principal(id);
  if (found === undefined) throw new Error(`nobody is called ${id}`);
  return found;
}

async function proposeSome(count: number): Promise<void> {
  const { system } = await start();
  for (let i = 0; i < count; i++)
    await system.changes.propose(person('clara'), {
      ...{ entityId: `account:${i}`, title: 'Raise the limit', rationale: 'Asked for.' },
      operations: [{ type: 'state.put', payload: { limit: 500 } }],
    });
  await engine?.close();
}

it('R6: a ledger from before is counted once it is opened, and shown to who is awaited', async () => {
  await proposeSome(5);
  const db = new DatabaseSync(join(dataDir, 'ledger.db'));
  db.exec(`DELETE FROM items WHERE ${INDICES}`);
  db.close();
  const { system } = await start();
  expect((await system.monitor()).approvalQueue.length).toBe(5);
  expect((await system.changes.list(person('ana'), { for: 'me' })).changes).toHaveLength(5);
  expect(await checkIndex(dataDir)).toBeUndefined();
});

it('R6: verify state names an index that hides a change-set, and doctor builds it anew', async () => {
  await proposeSome(3);
  const db = new DatabaseSync(join(dataDir, 'ledger.db'));
  db.exec(`DELETE FROM items WHERE pk GLOB '*#change-awaits#owner'`);
  db.close();
  const { system } = await start();
  const state = { scope: { mode: 'state' } } as const;
  const report = await system.verifyAll(person('eva'), state);
  expect(report).toMatchObject({ verdict: 'DRIFT' });
  expect(report.firstBad?.detail).toMatch(/change-awaits#owner.*--rebuild-index/);
  await expect(rebuildIndex(dataDir)).rejects.toMatchObject({ code: 'DATA_LOCKED' });
  await engine?.close();
  expect(await rebuildIndex(dataDir)).toBe(3);
  const again = await start();
  expect(await again.system.verifyAll(person('eva'), state)).toMatchObject({ verdict: 'OK' });
});
