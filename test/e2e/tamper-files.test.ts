/** Files that are not what an engine or an export writes: each gets its verdict, and verification always ends. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { appendFileSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportDataDir, verifyDataDir, verifyExport } from '../../adapters/embedded/index.ts';
import { openRootKey } from '../../adapters/embedded/keys/root-key.ts';
import { formatCheckpoint, signNote, type ExportManifest, type VerificationReport } from '../../core/ledger/index.ts';
import { config } from '../../nervous.config.ts';
import {
  changeDocument,
  copyOf,
  newDir,
  overwrite,
  removeDirs,
  round,
  rowsOf,
  withDb,
  withEngine,
} from './tamper-fixture.ts';

const original = newDir();
const exported = join(newDir(), 'export');
let size = 0;

beforeAll(async () => {
  await withEngine(original, async (engine) => {
    await round(engine, '100.00');
    await changeDocument(engine, 'account:1', '10.00');
  });
  size = rowsOf(original).length;
  await exportDataDir({ dataDir: original, out: exported });
});
afterAll(removeDirs);

const vkey = (): string => readFileSync(join(original, 'root.vkey'), 'utf8').trim();
const offline = (folder: string): Promise<VerificationReport> => verifyExport(folder, { verifierKeys: [vkey()] });
const pipe = (path: string): void => {
  rmSync(path);
  execFileSync('mkfifo', [path]);
};

/** Somebody who also makes export.json fit. */
function reExported(change: (folder: string) => void, said: Partial<ExportManifest> = {}): string {
  const folder = copyOf(exported);
  change(folder);
  const path = join(folder, 'export.json');
  const sums = createHash('sha256')
    .update(readFileSync(join(folder, 'SHA256SUMS')))
    .digest('hex');
  const manifest = JSON.parse(readFileSync(path, 'utf8')) as ExportManifest;
  overwrite(path, JSON.stringify({ ...manifest, sums, ...said }));
  return folder;
}

it('finds nothing where nothing was changed', async () => {
  expect((await verifyDataDir(original)).verdict).toBe('OK');
  expect((await offline(exported)).verdict).toBe('OK');
  expect((await offline(reExported(() => undefined))).verdict).toBe('OK');
});

describe('the log', () => {
  it('V8: has bundles of their entries and no byte more', async () => {
    const path = `tile/entries/000.p/${size}`;
    const dir = copyOf(original);
    appendFileSync(join(dir, 'log', path), Buffer.of(0));
    expect((await verifyDataDir(dir)).firstBad).toMatchObject({ verdict: 'UNREADABLE', path, position: size - 1 });
    const folder = copyOf(exported);
    appendFileSync(join(folder, 'log', path), Buffer.of(0, 1, 65));
    expect((await offline(folder)).firstBad).toMatchObject({ verdict: 'UNREADABLE', position: size - 1 });
  });

  it.each(['checkpoint', 'tile/0', 'tile/entries'])(
    'V10: is not waited for where a pipe stands for %s',
    async (name) => {
      const path = name === 'checkpoint' ? name : `${name}/000.p/${size}`;
      const dir = copyOf(original);
      pipe(join(dir, 'log', path));
      expect((await verifyDataDir(dir)).verdict).toBe('UNREADABLE');
      const folder = copyOf(exported);
      pipe(join(folder, 'log', path));
      expect((await offline(folder)).verdict).toBe('UNREADABLE');
    },
  );

  it('V10: has a witness whose key can be read, or says that it cannot', async () => {
    const dir = copyOf(original);
    overwrite(join(dir, 'witness', 'witness.vkey'), 'junk\n');
    expect((await verifyDataDir(dir)).firstBad).toMatchObject({ verdict: 'UNREADABLE', path: 'witness/witness.vkey' });
  });
});

describe('the database', () => {
  it.each(['junk', '[]', '["1"]', '[-1]', '{}'])(
    'V10: says where the log was begun anew, and %s is not it',
    async (value) => {
      const dir = copyOf(original);
      withDb(dir, (db) => db.prepare('INSERT INTO meta VALUES (?, ?)').run('incarnations', value));
      expect((await verifyDataDir(dir)).firstBad).toMatchObject({ verdict: 'UNREADABLE', entity: '(ledger.db)' });
    },
  );

  it('V10: has documents with each key once', async () => {
    const dir = copyOf(original);
    withDb(dir, (db) =>
      db.exec(
        `UPDATE items SET value = replace(value, '"limit":', '"limit":"9.00","limit":') WHERE pk = 'main#document'`,
      ),
    );
    expect((await verifyDataDir(dir)).firstBad).toMatchObject({ verdict: 'UNREADABLE', entity: 'account:1' });
  });

  it('V10: knows no entity that nothing was recorded for', async () => {
    const report = await verifyDataDir(original, { scope: { mode: 'entity', entity: 'nope' } });
    expect(report).toMatchObject({ verdict: 'NOT_FOUND', entries: 0 });
  });
});

describe('an export', () => {
  it.each<[string, Partial<ExportManifest>]>([
    ['size', { size: 1 }],
    ['origin', { origin: 'nervous.example/other' }],
    ['root', { root: Buffer.alloc(32).toString('base64') }],
    ['number of files', { files: 1 }],
  ])('V8: is what export.json says: another %s is CONTENT_MISMATCH', async (_, said) => {
    const report = await offline(reExported(() => undefined, said));
    expect(report.firstBad).toMatchObject({ verdict: 'CONTENT_MISMATCH', path: 'export.json' });
  });

  it('V8: with a signed checkpoint of a billion entries is done at once', async () => {
    const root = openRootKey(copyOf(original), config.origin);
    const text = formatCheckpoint({ origin: config.origin, size: 1_000_000_000, root: Buffer.alloc(32) });
    const note = await signNote(text, [root]);
    const folder = reExported((at) => overwrite(join(at, 'log', 'checkpoint'), note), { size: 1_000_000_000 });
    expect((await offline(folder)).verdict).not.toBe('OK');
    const dir = copyOf(original);
    overwrite(join(dir, 'log', 'checkpoint'), note);
    expect((await verifyDataDir(dir)).verdict).not.toBe('OK');
  });

  it.each<[string, string, (folder: string) => void]>([
    ['an empty SHA256SUMS', 'SHA256SUMS', (at) => overwrite(join(at, 'SHA256SUMS'), '')],
    [
      'a line too many',
      'SHA256SUMS',
      (at) => appendFileSync(join(at, 'SHA256SUMS'), `${'0'.repeat(64)}  ../outside\n`),
    ],
    ['a file too many', 'beside.txt', (at) => writeFileSync(join(at, 'beside.txt'), '')],
    ['another root.vkey', 'root.vkey', (at) => overwrite(join(at, 'root.vkey'), 'other')],
  ])('V10: with %s is CONTENT_MISMATCH', async (_, path, change) => {
    expect((await offline(reExported(change))).firstBad).toMatchObject({ verdict: 'CONTENT_MISMATCH', path });
  });
});
