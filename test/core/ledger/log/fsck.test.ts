/** Every file of a log changed, cut, removed or exchanged: the verdict and the first bad entry. */
import { describe, expect, it } from 'vitest';
import {
  cosign,
  encodeBundle,
  formatCheckpoint,
  formatCosignerKey,
  fsckLog,
  growLog,
  merkleRoot,
  signNote,
  type FsckReport,
} from '../../../../core/ledger/index.ts';
import { LogFolder, logOf, ORIGIN, signatory, testEntries } from '../log-fixture.ts';

const log = signatory();

function check(
  folder: LogFolder,
  options: { readonly hashOnly?: boolean; readonly origin?: string } = {},
): Promise<FsckReport> {
  return fsckLog({ read: folder.read, verifierKeys: [log.vkey], ...options });
}

describe('a right log', () => {
  it.each([[[0]], [[1]], [[255]], [[256]], [[257]], [[100, 200, 400]], [[512, 1]], [[1300]]])(
    'of %s entries',
    async (growths) => {
      const folder = await logOf(...growths);
      const size = growths.reduce((a, b) => a + b);
      const report = await check(folder);
      expect(report).toMatchObject({ verdict: 'OK', origin: ORIGIN, size, entries: size });
      expect(report.firstBad).toBeUndefined();
      expect(await check(folder, { hashOnly: true })).toMatchObject({ verdict: 'OK', entries: size });
    },
  );

  it('is read file by file, each once, nothing but what its size has', async () => {
    const folder = await logOf(300, 300);
    const reads: string[] = [];
    const read = (path: string) => (reads.push(path), folder.read(path));
    await fsckLog({ read, verifierKeys: [log.vkey] });
    expect(reads.sort()).toEqual(
      [
        ...['checkpoint', 'tile/entries/000', 'tile/entries/001', 'tile/entries/002.p/88'],
        ...['tile/0/000', 'tile/0/001', 'tile/0/002.p/88', 'tile/1/000.p/2'],
      ].sort(),
    );
  });

  it('may have grown beyond its checkpoint, and lost its partial tiles', async () => {
    const folder = await logOf(100);
    await folder.grow(300);
    for (const path of folder.files.keys()) if (path.includes('.p/100')) folder.files.delete(path);
    expect(await check(folder)).toMatchObject({ verdict: 'OK', size: 100, entries: 100 });
  });

  it('may lack its entries when only hashes are asked for, and the report says so', async () => {
    const folder = await logOf(300);
    for (const path of folder.files.keys()) if (path.includes('entries')) folder.files.delete(path);
    const report = await check(folder, { hashOnly: true });
    expect(report.verdict).toBe('OK');
    expect(report.notChecked.join()).toContain('the entries: only hashes were read');
    expect((await check(folder)).verdict).toBe('MISSING_ENTRY');
  });

  it('has all tiles compared on three levels', async () => {
    const [entry] = testEntries(1);
    const entries = new Array(65_536 + 300).fill({ note: Buffer.alloc(0), hash: entry?.hash }) as LogFolder['entries'];
    const folder = new LogFolder();
    for await (const { path, bytes } of growLog({ size: 0, entries, read: folder.read })) folder.files.set(path, bytes);
    const size = entries.length;
    const root = merkleRoot(entries.map(({ hash }) => hash));
    folder.files.set('checkpoint', await signNote(formatCheckpoint({ origin: ORIGIN, size, root }), [log]));
    expect(await check(folder, { hashOnly: true })).toMatchObject({ verdict: 'OK', tiles: 256 + 2 + 2 + 1 });
    flip(folder, 'tile/2/000.p/1', 3);
    expect((await check(folder, { hashOnly: true })).firstBad).toMatchObject({ path: 'tile/2/000.p/1', position: 0 });
    flip(folder, 'tile/2/000.p/1', 3);
    flip(folder, 'tile/1/000', 255 * 32);
    expect((await check(folder, { hashOnly: true })).firstBad).toMatchObject({
      path: 'tile/1/000',
      position: 255 * 256,
    });
  });
});

describe('a wrong log', () => {
  it('has its first wrong entry named, whatever byte of whatever file was changed', async () => {
    const folder = await logOf(600);
    for (const [path, bytes] of folder.files) {
      if (path === 'checkpoint') continue;
      const step = Math.max(1, Math.floor(bytes.length / 40));
      for (let at = 0; at < bytes.length; at += step) {
        flip(folder, path, at);
        const { verdict, firstBad, entries } = await check(folder);
        expect(['CONTENT_MISMATCH', 'UNREADABLE', 'MISSING_ENTRY']).toContain(verdict);
        const first = path.startsWith('tile/0') ? indexOf(path) * 256 + Math.floor(at / 32) : undefined;
        if (first !== undefined) expect(firstBad).toMatchObject({ verdict: 'CONTENT_MISMATCH', position: first });
        if (path.startsWith('tile/1')) expect(firstBad).toMatchObject({ path, position: Math.floor(at / 32) * 256 });
        expect(entries).toBeLessThanOrEqual(600);
        flip(folder, path, at);
      }
    }
    expect((await check(folder)).verdict).toBe('OK');
  });

  it('has every changed byte of the checkpoint refused', async () => {
    const folder = await logOf(3);
    const note = folder.files.get('checkpoint') ?? Buffer.of();
    for (let at = 0; at < note.length; at += 1) {
      flip(folder, 'checkpoint', at);
      expect(['UNREADABLE', 'SIGNATURE_INVALID', 'KEY_UNKNOWN']).toContain((await check(folder)).verdict);
      flip(folder, 'checkpoint', at);
    }
  });

  it.each([
    ['tile/entries/001', 'MISSING_ENTRY', 256],
    ['tile/entries/002.p/88', 'MISSING_ENTRY', 512],
    ['tile/0/000', 'UNREADABLE', 0],
    ['tile/1/000.p/2', 'UNREADABLE', 0],
    ['checkpoint', 'UNREADABLE', undefined],
  ])('without %s: %s', async (path, verdict, position) => {
    const folder = await logOf(600);
    folder.files.delete(path);
    const { firstBad } = await check(folder);
    expect(firstBad).toMatchObject({ verdict, path });
    expect(firstBad?.position).toBe(position);
  });

  it('lacks leaf hashes: in hash-only mode those are the entries', async () => {
    const folder = await logOf(600);
    folder.files.delete('tile/0/001');
    const { firstBad } = await check(folder, { hashOnly: true });
    expect(firstBad).toMatchObject({ verdict: 'MISSING_ENTRY', path: 'tile/0/001', position: 256 });
  });

  it.each([
    ['one entry less', 255, 'MISSING_ENTRY', 255],
    ['one entry more', 257, 'UNREADABLE', 256],
    ['nothing', 0, 'MISSING_ENTRY', 0],
  ])('has a bundle with %s', async (_, count, verdict, position) => {
    const folder = await logOf(600);
    folder.files.set('tile/entries/000', encodeBundle(testEntries(count).map(({ note }) => note)));
    expect((await check(folder)).firstBad).toMatchObject({ verdict, position, path: 'tile/entries/000' });
  });

  it.each([
    ['tile/entries/000', -1, 'UNREADABLE', 255],
    ['tile/0/001', -32, 'UNREADABLE', 256],
    ['tile/0/001', -1, 'UNREADABLE', 256],
  ])('has %s cut short by %d', async (path, cut, verdict, position) => {
    const folder = await logOf(600);
    folder.files.set(path, (folder.files.get(path) ?? Buffer.of()).slice(0, cut));
    expect((await check(folder)).firstBad).toMatchObject({ verdict, position, path });
  });

  it('had two entries exchanged', async () => {
    const folder = await logOf(600);
    const notes = testEntries(256).map(({ note }) => note);
    const exchanged = notes.with(7, notes[9] as Uint8Array).with(9, notes[7] as Uint8Array);
    folder.files.set('tile/entries/000', encodeBundle(exchanged));
    expect((await check(folder)).firstBad).toMatchObject({ verdict: 'CONTENT_MISMATCH', position: 7 });
  });

  it('had an entry changed and the hashes above it made to fit', async () => {
    const [folder, forged] = [await logOf(600), new LogFolder()];
    const entries = testEntries(600).with(300, testEntries(1, 9999)[0] as (typeof folder.entries)[0]);
    for await (const { path, bytes } of growLog({ size: 0, entries, read: forged.read })) forged.files.set(path, bytes);
    forged.files.set('checkpoint', folder.files.get('checkpoint') ?? Buffer.of());
    expect((await check(forged)).firstBad).toMatchObject({ verdict: 'CONTENT_MISMATCH', path: 'checkpoint' });
    forged.files.set('tile/1/000.p/2', folder.files.get('tile/1/000.p/2') ?? Buffer.of());
    expect((await check(forged)).firstBad).toMatchObject({ verdict: 'CONTENT_MISMATCH', position: 256 });
  });

  it('promises more entries than it has', async () => {
    const folder = await logOf(600);
    const text = formatCheckpoint({ origin: ORIGIN, size: 2 ** 53 - 1, root: folder.root() });
    folder.files.set('checkpoint', await signNote(text, [log]));
    expect((await check(folder)).firstBad).toMatchObject({ verdict: 'MISSING_ENTRY', position: 512 });
  });

  it('has entries though its checkpoint is of none', async () => {
    const folder = await logOf(3);
    await folder.publish(log, 0);
    expect(await check(folder)).toMatchObject({ verdict: 'OK', size: 0, entries: 0 });
    const text = formatCheckpoint({ origin: ORIGIN, size: 0, root: folder.root() });
    folder.files.set('checkpoint', await signNote(text, [log]));
    expect((await check(folder)).verdict).toBe('CONTENT_MISMATCH');
  });
});

describe('the keys', () => {
  it('must be of the log that is meant', async () => {
    const folder = await logOf(3);
    expect((await check(folder, { origin: 'log.test/other' })).verdict).toBe('KEY_UNKNOWN');
    expect((await fsckLog({ read: folder.read, verifierKeys: [signatory(ORIGIN, 2).vkey] })).verdict).toBe(
      'KEY_UNKNOWN',
    );
    expect((await fsckLog({ read: folder.read, verifierKeys: ['root'] })).firstBad?.detail).toContain('"root"');
    expect((await fsckLog({ read: folder.read, verifierKeys: [] })).verdict).toBe('KEY_UNKNOWN');
  });

  it('of witnesses are checked, and do not replace that of the log', async () => {
    const folder = await logOf(3);
    const witness = signatory('witness.test/w', 4);
    const text = formatCheckpoint({ origin: ORIGIN, size: 3, root: folder.root() });
    const note = Buffer.concat([await signNote(text, [log]), Buffer.from(await cosign(text, 1_700_000_000, witness))]);
    folder.files.set('checkpoint', note);
    const witnessKey = formatCosignerKey(witness.name, witness.publicKey);
    const { verdict, checked } = await fsckLog({ read: folder.read, verifierKeys: [log.vkey, witnessKey] });
    expect([verdict, checked[0]]).toEqual(['OK', expect.stringContaining('witness.test/w (witness)')]);
    expect((await check(folder)).notChecked).toContain('signatures by keys not given: witness.test/w');
    const alone = await fsckLog({ read: folder.read, verifierKeys: [witnessKey], origin: ORIGIN });
    expect(alone.verdict).toBe('KEY_UNKNOWN');
  });
});

it('passes on what is wrong with the reading, as that says nothing about the log', async () => {
  const folder = await logOf(600);
  const read = async (path: string) => {
    if (path === 'tile/0/002.p/88') throw new Error('no connection');
    return folder.read(path);
  };
  await expect(fsckLog({ read, verifierKeys: [log.vkey] })).rejects.toThrow('no connection');
});

it('gives its verdict though what it read ahead could not be read', async () => {
  const folder = await logOf(600);
  folder.files.delete('tile/entries/000');
  const read = async (path: string) => {
    if (path === 'tile/0/001') throw new Error('no connection');
    return folder.read(path);
  };
  // That nobody waits for the failed read must not end the process: the test runner reports unhandled rejections.
  expect((await fsckLog({ read, verifierKeys: [log.vkey] })).verdict).toBe('MISSING_ENTRY');
});

function flip(folder: LogFolder, path: string, at: number): void {
  const bytes = Uint8Array.from(folder.files.get(path) ?? []);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  folder.files.set(path, bytes);
}

function indexOf(path: string): number {
  return Number(/\/(\d{3})(?:\.p|$)/.exec(path)?.[1]);
}

describe('says exactly', () => {
  it.each([
    ['tile/0/001', 44 * 32, 'entry 300 in tile/entries/001 does not have the hash that the tile has for it'],
    ['tile/0/000', 0, 'entry 0 in tile/entries/000 does not have the hash that the tile has for it'],
    ['tile/1/000.p/2', 32, 'entries 256 to 511 do not have the hash that the tile has for them'],
    ['tile/1/000.p/2', 31, 'entries 0 to 255 do not have the hash that the tile has for them'],
  ])('which entries of %s differ from byte %i on', async (path, at, detail) => {
    const folder = await logOf(600);
    flip(folder, path, at);
    expect((await check(folder)).firstBad?.detail).toBe(detail);
  });

  it('what it looked at, and what it left', async () => {
    const folder = await logOf(600);
    const whole = await check(folder);
    expect(whole.checked.slice(1)).toEqual([
      '600 entries, each against its leaf hash',
      '4 hash tiles',
      'the root of them all, against the checkpoint',
    ]);
    expect(whole.notChecked).toEqual([
      'what the entries say, and signatures inside them',
      'whether this is the newest checkpoint, and consistent with earlier ones: no other was compared',
    ]);
    flip(folder, 'tile/0/001', 0);
    expect((await check(folder)).notChecked[0]).toBe('what comes after tile/0/001');
    expect((await check(folder)).checked.join()).not.toContain('the root of them all');
  });

  it('that extension lines of the checkpoint mean nothing to it', async () => {
    const folder = await logOf(3);
    const text = formatCheckpoint({ origin: ORIGIN, size: 3, root: folder.root(), extensions: ['more'] });
    folder.files.set('checkpoint', await signNote(text, [log]));
    expect((await check(folder)).notChecked).toContain('extension lines of the checkpoint');
  });
});
