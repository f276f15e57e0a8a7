/** How the published log lies in a data folder: full bundles packed, everything else as it is served. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { crc32, deflateRawSync, gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createLogFolder } from '../../../../adapters/embedded/log/log-folder.ts';
import { must } from '../../../../core/errors/index.ts';
import { MAX_BUNDLE_BYTES } from '../../../../core/ledger/index.ts';

const FULL = 'tile/entries/x001/234';
const HEADER = '1f8b08000000000000ff';
const BUNDLE = Buffer.from('an entry that is as the one before; '.repeat(2_000));

let folder = '';
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'nervous-log-folder-'))));
afterEach(() => rmSync(folder, { recursive: true }));

const onDisk = (path: string): string => join(folder, path);
const put = (path: string, bytes: Uint8Array): void => {
  mkdirSync(dirname(onDisk(path)), { recursive: true });
  writeFileSync(onDisk(path), bytes);
};
const read = async (path: string): Promise<Buffer> => Buffer.from(must(await createLogFolder(folder).read(path), path));

/** In the form that the engine writes, of any bytes. */
function packed(bytes: Uint8Array): Buffer {
  const end = Buffer.alloc(8);
  end.writeUInt32LE(crc32(bytes));
  end.writeUInt32LE(bytes.length, 4);
  return Buffer.concat([Buffer.from(HEADER, 'hex'), deflateRawSync(bytes), end]);
}

describe('a full bundle', () => {
  it('lies packed, in the form of gzip that any program unpacks, and is read as it was written', async () => {
    await createLogFolder(folder).write(FULL, BUNDLE);
    const bytes = readFileSync(onDisk(`${FULL}.gz`));
    expect(existsSync(onDisk(FULL))).toBe(false);
    expect(bytes.length).toBeLessThan(BUNDLE.length / 4);
    expect(bytes.subarray(0, 10).toString('hex')).toBe(HEADER);
    expect(gunzipSync(bytes).equals(BUNDLE)).toBe(true);
    expect((await read(FULL)).equals(BUNDLE)).toBe(true);
  });

  it('is read where an older engine left it plain, and packed when it is written again', async () => {
    put(FULL, Buffer.from('plain'));
    expect((await read(FULL)).toString()).toBe('plain');
    await createLogFolder(folder).write(FULL, BUNDLE);
    expect(existsSync(onDisk(FULL))).toBe(false);
    expect((await read(FULL)).equals(BUNDLE)).toBe(true);
  });

  it('has no other name: the packed file itself is not served', async () => {
    await createLogFolder(folder).write(FULL, BUNDLE);
    expect(await createLogFolder(folder).read(`${FULL}.gz`)).toBeUndefined();
  });

  const change = (at: number, by = 1): ((bytes: Buffer) => Buffer) => {
    return (bytes) => {
      const other = Buffer.from(bytes);
      const place = at < 0 ? bytes.length + at : at;
      other.writeUInt8((other.readUInt8(place) ^ by) & 0xff, place);
      return other;
    };
  };
  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['nothing at all', () => Buffer.of()],
    ['less than header and end', (bytes) => bytes.subarray(0, 17)],
    ['another magic number', change(0)],
    ['a flag', change(3, 8)],
    ['a time', change(4)],
    ['another system', change(9)],
    ['another checksum', change(-8)],
    ['another length', change(-1)],
    ['a damaged stream', change(10, 4)],
    ['its end cut off', (bytes) => bytes.subarray(0, -1)],
    ['a byte behind', (bytes) => Buffer.concat([bytes, Buffer.of(0)])],
    ['bytes before its end', (bytes) => Buffer.concat([bytes.subarray(0, -8), Buffer.of(1, 2), bytes.subarray(-8)])],
    ['a second member', (bytes) => Buffer.concat([bytes, packed(Buffer.of())])],
    ['more bytes than any bundle', () => packed(Buffer.alloc(MAX_BUNDLE_BYTES + 1))],
  ])('is no bundle with %s: the file is given as it is', async (_, changed) => {
    const bytes = changed(packed(BUNDLE));
    put(`${FULL}.gz`, bytes);
    expect((await read(FULL)).equals(bytes)).toBe(true);
  });

  it('may have the most bytes that 256 entries have', async () => {
    const most = Buffer.alloc(MAX_BUNDLE_BYTES, 7);
    await createLogFolder(folder).write(FULL, most);
    expect((await read(FULL)).equals(most)).toBe(true);
  });
});

it.each(['tile/entries/000.p/255', 'tile/0/000', 'tile/1/000.p/3'])('keeps %s as it is served', async (path) => {
  await createLogFolder(folder).write(path, BUNDLE);
  expect(readFileSync(onDisk(path)).equals(BUNDLE)).toBe(true);
  expect(existsSync(onDisk(`${path}.gz`))).toBe(false);
});
