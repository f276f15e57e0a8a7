/** A person's data is erased by an approved change-set: it is in no file afterwards, and every proof still holds. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { startEngine, verifyDataDir, type Engine } from '../../adapters/embedded/index.ts';
import type { ChangeView } from '../../core/changes/index.ts';
import { fsckLog } from '../../core/ledger/index.ts';
import type { Principal } from '../../core/policy/index.ts';
import { defineConfig } from '../../core/system/index.ts';
import { config as sample } from '../../nervous.config.ts';

const SECRET = '203.0.113.77-secret-address';
const erasing = { level: 'L3' as const, roles: ['owner', 'risk'], approvals: 2, timelockMinutes: 0 };
const config = defineConfig({
  ...sample,
  risk: { ...sample.risk, rules: [{ name: 'erasing', when: { reversible: [false] }, ...erasing }] },
});

const dirs: string[] = [];
afterEach(() => dirs.splice(0).forEach((dir) => rmSync(dir, { recursive: true, force: true })));

/** Every file under the folder that holds one of these texts. */
function filesWith(dir: string, needles: readonly string[]): string[] {
  const files = readdirSync(dir, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files
    .map((file) => join(file.parentPath, file.name))
    .filter((path) => needles.some((needle) => readFileSync(path).includes(needle)));
}

const as = (engine: Engine, id: string): Principal => engine.system.policy.principal(id) as Principal;

async function eraseAddress(engine: Engine, seq: number): Promise<ChangeView> {
  const { changes } = engine.system;
  const { change } = await changes.propose(as(engine, 'eva'), {
    entityId: 'account:1',
    title: 'Erase the address',
    rationale: 'The customer asked for it',
    operations: [{ type: 'field.erase', payload: { seq, fields: ['/payload/ip'], basis: 'GDPR article 17' } }],
  });
  const { id, revision, contentHash, assessmentHash = '' } = change;
  for (const approver of ['ana', 'dan'])
    await changes.decide(as(engine, approver), id, {
      ...{ revision, contentHash, assessmentHash, decision: 'approve', nonce: crypto.randomUUID() },
    });
  for (;;) {
    const view = await changes.get(as(engine, 'ana'), id);
    if (!['approved', 'executing', 'pending'].includes(view.state)) return view;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

it('leaves no trace of the value, an entry that says who approved it, and a ledger that verifies', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'nervous-erasure-'));
  dirs.push(dataDir);
  let engine = await startEngine({ config, dataDir, http: false, checkpointMs: 10 });
  const login = { topic: 'user.login', entityId: 'account:1', payload: { method: 'sso', ip: SECRET } };
  await engine.system.publish(as(engine, 'agent-layer'), [
    login,
    { ...login, payload: { method: 'sso', ip: 'other' } },
  ]);
  const kept = JSON.stringify(await engine.system.reveal(as(engine, 'eva'), 'account:1', 0));
  expect(kept).toContain(SECRET);
  await engine.close();
  expect(filesWith(dataDir, [SECRET])).toEqual([]); // it never was in the clear

  const { DatabaseSync } = await import('node:sqlite');
  const db = new DatabaseSync(join(dataDir, 'ledger.db'));
  const row = db.prepare("SELECT value FROM items WHERE pk = 'main#sensitive#account:1' ORDER BY sk LIMIT 1").get();
  db.close();
  const { salt, box } = JSON.parse(row?.['value'] as string) as { salt: string; box: string };
  expect(filesWith(dataDir, [salt, box])).toHaveLength(1);

  engine = await startEngine({ config, dataDir, http: false, checkpointMs: 10 });
  expect(await eraseAddress(engine, 0)).toMatchObject({
    state: 'executed',
    risk: { level: 'L3', matched: ['erasing'] },
  });
  const revealed = await engine.system.reveal(as(engine, 'eva'), 'account:1', 0);
  expect(revealed.fields).toEqual([{ path: '/payload/ip', kind: 'erased' }]);
  const other = await engine.system.reveal(as(engine, 'eva'), 'account:1', 1);
  expect(other.fields).toEqual([{ path: '/payload/ip', kind: 'value', value: 'other' }]);
  const chain = await engine.system.entities.entries(as(engine, 'ana'), 'account:1', { from: 0, limit: 100 });
  expect(chain.find(({ body }) => body.type === 'redacted')?.body.data).toMatchObject({
    ...{ seq: 0, fields: ['/payload/ip'], basis: 'GDPR article 17', approvers: ['ana', 'dan'] },
  });
  await engine.close();

  expect(filesWith(dataDir, [SECRET, salt, box])).toEqual([]);
  expect(await verifyDataDir(dataDir)).toMatchObject({ verdict: 'OK' });
  const read = async (path: string): Promise<Uint8Array | undefined> => {
    try {
      return readFileSync(join(dataDir, 'log', path));
    } catch {
      return undefined;
    }
  };
  const verifierKeys = [readFileSync(join(dataDir, 'root.vkey'), 'utf8').trim()];
  expect(await fsckLog({ read, verifierKeys })).toMatchObject({ verdict: 'OK' });
});

it.each([
  [{ seq: 0, fields: ['/payload/method'], basis: 'x' }, 'has no confidential field /payload/method', 'CHANGE_UNFIT'],
  [{ seq: 7, fields: ['/payload/ip'], basis: 'x' }, 'has no entry #7', 'CHANGE_UNFIT'],
  [{ seq: 0, fields: [], basis: 'x' }, 'fields', 'CHANGE_INVALID'],
  [{ seq: 0, fields: ['/payload/ip'] }, 'basis', 'CHANGE_INVALID'],
])('refuses %j when it is proposed', async (payload, reason, code) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'nervous-erasure-'));
  dirs.push(dataDir);
  const engine = await startEngine({ config, dataDir, http: false });
  const login = { topic: 'user.login', entityId: 'account:1', payload: { method: 'sso', ip: SECRET } };
  await engine.system.publish(as(engine, 'agent-layer'), [login]);
  const proposal = {
    entityId: 'account:1',
    title: 'Erase',
    rationale: 'asked for',
    operations: [{ type: 'field.erase', payload }],
  };
  await expect(engine.system.changes.propose(as(engine, 'eva'), proposal)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(reason) as unknown,
  });
  const mixed = { type: 'field.erase', payload: { seq: 0, fields: ['/payload/ip'], basis: 'x' } };
  const operations = [{ type: 'state.put', payload: {} }, mixed];
  await expect(engine.system.changes.propose(as(engine, 'eva'), { ...proposal, operations })).rejects.toMatchObject({
    code: 'CHANGE_INVALID',
  });
  await engine.close();
});
