/** Confidential fields: what is kept beside the ledger is what entries are committed to, in a folder and in what is restored. */
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportDataDir, restoreExport, verifyDataDir } from '../../adapters/embedded/index.ts';
import type { ExportManifest } from '../../core/ledger/index.ts';
import { copyOf, forge, newDir, overwrite, removeDirs, withDb, withEngine } from './tamper-fixture.ts';

const original = newDir();
const exported = join(newDir(), 'export');
const PK = 'main#sensitive#account:1';

beforeAll(async () => {
  await withEngine(original, async (engine) => {
    const layer = engine.system.policy.principal('agent-layer');
    if (layer === undefined) throw new Error('the sample roster has changed');
    for (const [entityId, ip] of [
      ['account:1', '192.0.2.1'],
      ['account:1', '192.0.2.2'],
      ['account:2', '192.0.2.3'],
    ] as const)
      await engine.system.publish(layer, [{ topic: 'user.login', entityId, payload: { method: 'sso', ip } }]);
    const feed = engine.system.policy.principal('bank-feed');
    if (feed === undefined) throw new Error('the sample roster has changed');
    const payload = { amount: '1.00', kind: 'credit' as const };
    await engine.system.publish(feed, [{ topic: 'transactions.new', entityId: 'account:3', payload }]);
    await engine.log.loop.flush();
  });
  await exportDataDir({ dataDir: original, out: exported, withSensitive: true });
});
afterAll(removeDirs);

async function changed(sql: string): Promise<unknown> {
  const dir = copyOf(original);
  withDb(dir, (db) => db.exec(sql));
  return (await verifyDataDir(dir)).firstBad;
}

describe('beside the ledger', () => {
  it('V8: are found right, and said to be looked at', async () => {
    const report = await verifyDataDir(original);
    expect(report.verdict).toBe('OK');
    expect(report.checked.join()).toContain('confidential fields');
    expect((await verifyDataDir(original, { signatures: false })).notChecked.join()).toContain('confidential fields');
  });

  it.each([
    [
      'swapped',
      'CONTENT_MISMATCH',
      `UPDATE items SET value = (SELECT value FROM items AS other WHERE other.pk = '${PK}' AND other.sk <> items.sk) WHERE pk = '${PK}'`,
    ],
    ['deleted', 'DRIFT', `DELETE FROM items WHERE pk = '${PK}' AND sk LIKE '%0/payload/ip'`],
    ['of another form', 'UNREADABLE', `UPDATE items SET value = '{"salt":"x"}' WHERE pk = '${PK}'`],
    [
      'no JSON that an engine writes',
      'UNREADABLE',
      `UPDATE items SET value = '{"salt":1,"salt":2}' WHERE pk = '${PK}'`,
    ],
    ['no JSON', 'UNREADABLE', `UPDATE items SET value = '{"salt' WHERE pk = '${PK}'`],
    ['without its data key', 'CONTENT_MISMATCH', `DELETE FROM items WHERE pk = 'main#data-key'`],
    [
      'with a data key of another form',
      'CONTENT_MISMATCH',
      `UPDATE items SET value = '{"w' WHERE pk = 'main#data-key'`,
    ],
    [
      'with the data key of another entity',
      'CONTENT_MISMATCH',
      `UPDATE items SET value = (SELECT value FROM items AS other WHERE other.pk = 'main#data-key' AND other.sk = 'account:2')
       WHERE pk = 'main#data-key'`,
    ],
  ])('V8: %s: %s', async (_, verdict, sql) => {
    expect(await changed(sql)).toMatchObject({ verdict, entity: 'account:1', seq: 0 });
  });

  it('V8: kept for nothing: DRIFT', async () => {
    const sql = `INSERT INTO items SELECT pk, '0000000000000007/payload/ip', 1, value FROM items WHERE pk = '${PK}' LIMIT 1`;
    expect(await changed(sql)).toMatchObject({ verdict: 'DRIFT', entity: 'account:1', seq: 7 });
  });

  it.each([
    ['an entity without confidential fields', 'account:3'],
    ['an entity that the ledger does not know', 'nobody'],
  ])('V11: kept for %s: DRIFT', async (_, entity) => {
    const sql = `INSERT INTO items SELECT 'main#sensitive#${entity}', sk, 1, value FROM items WHERE pk = '${PK}' LIMIT 1`;
    expect(await changed(sql)).toMatchObject({ verdict: 'DRIFT', entity, seq: 0 });
  });

  it('V11: without field.key, only forms and places are looked at', async () => {
    const dir = copyOf(original);
    rmSync(join(dir, 'field.key'));
    withDb(dir, (db) => db.exec(`DELETE FROM items WHERE pk = 'main#data-key'`));
    expect(await verifyDataDir(dir)).toMatchObject({ verdict: 'OK' });
    withDb(dir, (db) => db.exec(`UPDATE items SET value = '{"salt":"x"}' WHERE pk = '${PK}'`));
    expect(await verifyDataDir(dir)).toMatchObject({ verdict: 'UNREADABLE' });
  });

  it('V8: destroyed by an entry that names no change-set: DRIFT', async () => {
    const dir = copyOf(original);
    const data = { change: 'none', revision: 1, seq: 0, fields: ['/payload/ip'], basis: 'x', approvers: ['ana'] };
    const actor = { kind: 'service', id: 'nervous-system' } as const;
    await forge(dir, [{ chain: 'account:1', draft: { type: 'redacted', actor, idem: 'none#redacted#0', data } }]);
    withDb(dir, (db) => db.exec(`DELETE FROM items WHERE pk = '${PK}' AND sk LIKE '%0/payload/ip'`));
    const { firstBad } = await verifyDataDir(dir);
    expect(firstBad).toMatchObject({ entity: 'account:1', seq: 2 });
    expect(firstBad?.detail).toContain('names no change-set');
  });
});

describe('restored', () => {
  /** Somebody who changes the file that nobody signs and makes all sums fit. */
  function tampered(change: (path: string) => void): string {
    const folder = copyOf(exported);
    const at = (name: string): string => join(folder, name);
    change(at('sensitive.jsonl'));
    const hex = (name: string): string =>
      createHash('sha256')
        .update(readFileSync(at(name)))
        .digest('hex');
    const sums = readFileSync(at('SHA256SUMS'), 'utf8').replace(
      /^[0-9a-f]{64}(?= {2}sensitive\.jsonl$)/m,
      hex('sensitive.jsonl'),
    );
    overwrite(at('SHA256SUMS'), sums);
    const manifest = JSON.parse(readFileSync(at('export.json'), 'utf8')) as ExportManifest;
    const before = readFileSync(join(exported, 'sensitive.jsonl')).length;
    const bytes = manifest.bytes - before + readFileSync(at('sensitive.jsonl')).length;
    overwrite(at('export.json'), JSON.stringify({ ...manifest, bytes, sums: hex('SHA256SUMS') }));
    return folder;
  }
  const restore = (from: string): Promise<string> =>
    restoreExport({
      ...{ from, dataDir: join(newDir(), 'restored') },
      ...{ rootKeyFile: join(original, 'root.key'), fieldKeyFile: join(original, 'field.key') },
    }).then(
      ({ report }) => report.verdict,
      (error: unknown) => String(error),
    );

  it('V4: takes confidential fields, and they are right', async () => {
    expect(await restore(tampered(() => undefined))).toBe('OK');
  });

  it.each([
    ['a delegation', 'main#delegation#dan', 'x', { from: 'dan', to: 'clara' }],
    ['a nonce', 'main#change-nonce', 'x', {}],
    ['a change-set', 'main#change', 'x', { id: 'x' }],
    ['the policy', 'main#policy', 'version', { version: 7 }],
    ['a field of no entry', PK, '0000000000000009/payload/ip', { salt: 'x', box: 'y' }],
    ['a data key with more in it', 'main#data-key', 'account:9', { wrapped: 'x', more: 1 }],
  ])('V4: takes no %s out of sensitive.jsonl', async (_, pk, sk, value) => {
    const from = tampered((path) => appendFileSync(path, `${JSON.stringify({ pk, sk, value })}\n`));
    expect(await restore(from)).toMatch(/no confidential field of this ledger.*nothing was restored/);
  });

  it('V4: takes no field that holds another value than its entry is committed to', async () => {
    const from = tampered((path) => {
      const lines = readFileSync(path, 'utf8').trim().split('\n');
      const rows = lines.map((line) => JSON.parse(line) as { pk: string; value: unknown });
      const [first, second] = rows.filter(({ pk }) => pk === PK);
      if (first === undefined || second === undefined) throw new Error('there are two fields');
      [first.value, second.value] = [second.value, first.value];
      writeFileSync(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
    });
    expect(await restore(from)).toMatch(/CONTENT_MISMATCH at "account:1" #0/);
  });

  it('V4: without its fields, it says from where on it has them all', async () => {
    const out = join(newDir(), 'export');
    await exportDataDir({ dataDir: original, out });
    const dataDir = join(newDir(), 'restored');
    await restoreExport({ from: out, dataDir, rootKeyFile: join(original, 'root.key') });
    const report = await verifyDataDir(dataDir);
    expect(report.verdict).toBe('OK');
    expect(report.notChecked.join()).toContain('restored without them');
  });
});
