/** Whoever can change every file of a lake but has no key: each change is named, by the file and the position of the first row that is wrong. */
import { beforeAll, describe, expect, it } from 'vitest';
import { openParquetTables } from '../../../adapters/machine/parquet-table.ts';
import { memoryRootSigner } from '../../../adapters/memory/index.ts';
import { sha256, toHex, type JsonObject } from '../../../core/canonical/index.ts';
import { exportLake, verifyLake, type ClassName, type LakeReport, type LakeTable } from '../../../core/lake/index.ts';
import { MemoryLake, ORIGIN, PublishedLog, ROOT } from './lake-fixture.ts';

const RANGE = 100;
const ENTRIES = 300;
const MANIFEST_1 = 'manifests/0000000000000100-0000000000000199.json';
const FILE_1 = 'api_activity/region=local/accountId=main/eventDay=20261121/0000000000000100-0000000000000199.parquet';
const FILE_0 = FILE_1.replace('0000000000000100-0000000000000199', '0000000000000000-0000000000000099');

let table: LakeTable;
let whole: MemoryLake;
let log: PublishedLog;
beforeAll(async () => {
  table = await openParquetTables();
  log = await new PublishedLog().grow(ENTRIES);
  whole = new MemoryLake();
  await exportLake({ files: whole, table, log: log.read, region: 'local', accountId: 'main', maxRange: RANGE });
});

async function after(change: (files: Map<string, Uint8Array>) => unknown): Promise<LakeReport> {
  const lake = new MemoryLake(whole.stored);
  await change(lake.stored);
  return verifyLake({ files: lake, table, root: ROOT });
}

function bytesAt(files: Map<string, Uint8Array>, path: string): Buffer {
  return Buffer.from(files.get(path) as Uint8Array);
}

interface Listed {
  path: string;
  rows: number;
  first: number;
  last: number;
  bytes: number;
  sha256: string;
}
interface Claimed {
  from: number;
  to: number;
  checkpoint: string;
  files: Listed[];
}

function changeManifest(files: Map<string, Uint8Array>, path: string, change: (value: Claimed) => void): void {
  const value = JSON.parse(bytesAt(files, path).toString()) as Claimed;
  change(value);
  files.set(path, Buffer.from(JSON.stringify(value)));
}

/** Rewrites a table, and what its manifest says of it with it. */
async function rewrite(
  files: Map<string, Uint8Array>,
  path: string,
  change: (rows: JsonObject[]) => JsonObject[],
): Promise<void> {
  const className = path.split('/')[0] as ClassName;
  const rows = change([...((await table.read(className, bytesAt(files, path))) ?? [])]);
  const bytes = await table.write(className, rows);
  files.set(path, bytes);
  const positions = rows.map((row) => (row['unmapped'] as { position: number }).position);
  changeManifest(files, MANIFEST_1, ({ files: listed }) => {
    const one = listed.find((file) => file.path === path) as Listed;
    Object.assign(one, { rows: rows.length, bytes: bytes.length, sha256: toHex(sha256(bytes)) });
    Object.assign(one, { first: positions[0], last: positions.at(-1) });
  });
}

it('nothing was changed: OK, and what is not claimed is said', async () => {
  const report = await after(() => undefined);
  expect(report).toMatchObject({ verdict: 'OK', entries: ENTRIES, signedTo: ENTRIES });
  expect(report.notChecked).toEqual([expect.stringMatching(/verify the ledger/)]);
});

describe('a file', () => {
  it('with any one byte changed is named, with its position', async () => {
    const { length } = bytesAt(whole.stored, FILE_1);
    for (let at = 0; at < length; at += Math.ceil(length / 25)) {
      const report = await after((files) => {
        const bytes = bytesAt(files, FILE_1);
        bytes[at] = (bytes[at] as number) ^ 0x10;
        files.set(FILE_1, bytes);
      });
      expect(report.firstBad).toMatchObject({ path: FILE_1 });
      expect(report.firstBad?.position).toBeGreaterThanOrEqual(100);
      expect(report.checked).toEqual([]);
    }
  });

  it('that is removed is named, with its first position', async () => {
    const report = await after((files) => files.delete(FILE_1));
    expect(report.firstBad).toMatchObject({ verdict: 'MISSING_ENTRY', path: FILE_1, position: 100 });
  });

  it('that is swapped with another is named', async () => {
    const report = await after((files) => {
      const [one, other] = [bytesAt(files, FILE_0), bytesAt(files, FILE_1)];
      files.set(FILE_0, other).set(FILE_1, one);
    });
    expect(report.firstBad).toMatchObject({ verdict: 'CONTENT_MISMATCH', path: FILE_0 });
  });

  it('that is added is named, whatever its name is', async () => {
    for (const path of [
      FILE_1.replace('20261121', '20261120'),
      FILE_1.replace('199', '198'),
      'api_activity/x.parquet',
      'more.json',
    ]) {
      const report = await after((files) => files.set(path, bytesAt(files, FILE_1)));
      expect(report.firstBad).toMatchObject({ verdict: 'CONTENT_MISMATCH', path });
    }
  });
});

describe('rows, and their manifest with them', () => {
  it('in another order are named', async () => {
    const report = await after((files) =>
      rewrite(files, FILE_1, (rows) => [rows[1], rows[0], ...rows.slice(2)] as JsonObject[]),
    );
    expect(report.firstBad).toMatchObject({ verdict: 'CONTENT_MISMATCH', path: FILE_1, position: 100 });
  });

  it('that are fewer, or twice there, are named', async () => {
    const fewer = await after((files) => rewrite(files, FILE_1, (rows) => rows.slice(0, -1)));
    expect(fewer.firstBad).toMatchObject({ verdict: 'MISSING_ENTRY', path: MANIFEST_1 });
    const twice = await after((files) => rewrite(files, FILE_1, (rows) => [rows[0], ...rows] as JsonObject[]));
    expect(twice.firstBad).toMatchObject({ verdict: 'CONTENT_MISMATCH', path: FILE_1, position: 100 });
  });

  it('with any column changed are named, with the position', async () => {
    const first = (await table.read('api_activity', bytesAt(whole.stored, FILE_1)))?.[0] as JsonObject;
    for (const name of Object.keys(first)) {
      const report = await after((files) =>
        rewrite(files, FILE_1, ([row, ...rows]) => [{ ...row, [name]: changed(row?.[name]) } as JsonObject, ...rows]),
      );
      expect(report.firstBad, name).toMatchObject({ path: FILE_1, position: 100 });
    }
  });

  it('of another entry, well formed, with its hash and fingerprint: the root of the checkpoint is another', async () => {
    const forged = new MemoryLake();
    const other = await new PublishedLog().grow(ENTRIES);
    const bundle = other.files.get('tile/entries/000') as Uint8Array;
    // The entry at 100 says another amount; leaf, row and fingerprint are made anew, as its writer would have.
    const { forgedLog } = forge(other, bundle);
    await exportLake({ files: forged, table, log: forgedLog, region: 'local', accountId: 'main', maxRange: RANGE });
    const report = await verifyLake({ files: forged, table, root: ROOT });
    expect(report.firstBad).toMatchObject({ verdict: 'LINK_BROKEN', position: 0 });
    expect(report.firstBad?.detail).toMatch(/do not give the root/);
  });
});

describe('a manifest', () => {
  it('of other bytes, of another range, or of another checkpoint is named', async () => {
    const malformed = await after((files) => files.set(MANIFEST_1, Buffer.from('{}')));
    expect(malformed.firstBad).toMatchObject({ verdict: 'UNREADABLE', path: MANIFEST_1 });
    const swapped = await after((files) =>
      files.set(MANIFEST_1, bytesAt(files, 'manifests/0000000000000000-0000000000000099.json')),
    );
    expect(swapped.firstBad).toMatchObject({ path: MANIFEST_1 });
    const older = await after((files) =>
      changeManifest(files, MANIFEST_1, (manifest) => (manifest.checkpoint += '\n')),
    );
    expect(older.firstBad).toMatchObject({ verdict: 'CONTENT_MISMATCH', path: MANIFEST_1, position: 100 });
  });

  it('that is removed leaves a gap, which is named', async () => {
    const report = await after((files) => files.delete(MANIFEST_1));
    expect(report.firstBad).toMatchObject({ verdict: 'MISSING_ENTRY', position: 100 });
  });

  it('whose range overlaps another is named', async () => {
    const path = 'manifests/0000000000000150-0000000000000199.json';
    const report = await after((files) => {
      files.set(path, files.get(MANIFEST_1) as Uint8Array);
      changeManifest(files, path, (manifest) => {
        manifest.from = 150;
        manifest.files = [];
      });
      files.set('ranges/0000000000000150.json', files.get(path) as Uint8Array);
    });
    expect(report.firstBad).toMatchObject({ verdict: 'DUPLICATE_ENTRY', path, position: 150 });
  });

  it('with its range under a checkpoint that somebody else signed is named', async () => {
    const thief = await new PublishedLog().grow(ENTRIES, [memoryRootSigner(ORIGIN)]);
    const lake = new MemoryLake();
    await exportLake({ files: lake, table, log: thief.read, region: 'local', accountId: 'main', maxRange: RANGE });
    const other = { ...ROOT, publicKey: Uint8Array.from(ROOT.publicKey, (byte) => byte ^ 1) };
    const report = await verifyLake({ files: lake, table, root: other });
    expect(report.firstBad).toMatchObject({
      verdict: 'KEY_UNKNOWN',
      path: 'manifests/0000000000000000-0000000000000099.json',
    });
  });
});

it('the end of a lake that was cut off is what the lake has: it says up to where it was signed', async () => {
  const report = await after((files) => {
    for (const path of [...files.keys()]) if (path.includes('0000000000000200')) files.delete(path);
  });
  expect(report).toMatchObject({ verdict: 'OK', entries: 200, signedTo: 0 });
  expect(report.notChecked[0]).toMatch(/^positions 0 to 199 against the log/);
});

function changed(value: unknown): unknown {
  if (typeof value === 'number') return value + 1;
  if (typeof value === 'string') return `${value}x`;
  if (Array.isArray(value)) return [];
  const [name, inner] = Object.entries(value as JsonObject).at(-1) as [string, unknown];
  return { ...(value as JsonObject), [name]: changed(inner) };
}

/** The log with another entry at 100: its bundle and its leaf tile are consistent, its checkpoint is as it was signed. */
function forge(
  published: PublishedLog,
  bundle: Uint8Array,
): { forgedLog: (path: string) => Promise<Uint8Array | undefined> } {
  const bytes = Buffer.from(bundle);
  let at = 0;
  for (let i = 0; i < 100; i += 1) at += 2 + bytes.readUInt16BE(at);
  const length = bytes.readUInt16BE(at);
  const note = bytes.subarray(at + 2, at + 2 + length);
  note.write('"e-9', note.indexOf('"e-1'));
  const leaf = sha256(Buffer.concat([Buffer.of(0), note]));
  const tile = Buffer.from(published.files.get('tile/0/000') as Uint8Array);
  leaf.copy(tile, 100 * 32);
  const files = new Map(published.files).set('tile/entries/000', bytes).set('tile/0/000', tile);
  return { forgedLog: async (path) => files.get(path) };
}
