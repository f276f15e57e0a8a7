/** Tiles and bundles as C2SP tlog-tiles wants them, whatever the steps in which a log grows. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  bundlePath,
  consistencyProof,
  decodeBundle,
  encodeBundle,
  growLog,
  inclusionProof,
  merkleRoot,
  tileHashReader,
  tilePath,
  tileWidth,
  verifyConsistency,
  verifyInclusion,
} from '../../../../core/ledger/index.ts';
import { LogFolder, logOf, testEntries } from '../log-fixture.ts';

it.each([
  [tilePath(0, 0), 'tile/0/000'],
  [tilePath(3, 999, 1), 'tile/3/999.p/1'],
  [tilePath(0, 1000, 255), 'tile/0/x001/000.p/255'],
  [tilePath(63, 1234067), 'tile/63/x001/x234/067'],
  [bundlePath(273, 112), 'tile/entries/273.p/112'],
  [bundlePath(2 ** 45), 'tile/entries/x035/x184/x372/x088/832'],
])('%s', (path, expected) => expect(path).toBe(expected));

it('has the widths of the example in the specification', () => {
  const widths = (level: number, indices: number[]): number[] => indices.map((i) => tileWidth(level, i, 70_000));
  expect(widths(0, [0, 272, 273, 274])).toEqual([256, 256, 112, 0]);
  expect(widths(1, [0, 1, 2])).toEqual([256, 17, 0]);
  expect(widths(2, [0, 1])).toEqual([1, 0]);
  expect([tileWidth(0, 0, 256), tileWidth(1, 0, 256), tileWidth(1, 0, 255)]).toEqual([256, 1, 0]);
});

describe('bundles', () => {
  const entries = [Buffer.from('a'), Buffer.alloc(0), Buffer.alloc(0xffff, 7)];

  it('are entries after their lengths', () => {
    expect(encodeBundle([Buffer.from('abc'), Buffer.alloc(0), Buffer.alloc(258)]).subarray(0, 10)).toEqual(
      Uint8Array.of(0, 3, 97, 98, 99, 0, 0, 1, 2, 0),
    );
    expect(decodeBundle(encodeBundle(entries)).entries.map((one) => Buffer.from(one))).toEqual(entries);
    expect(decodeBundle(encodeBundle(entries), 2)).toMatchObject({ ends: [3, 5] });
  });

  it('hold no larger entry', () => {
    expect(() => encodeBundle([Buffer.alloc(0x10000)])).toThrow(/65535/);
  });

  it('end with an entry: cut short anywhere, the rest is malformed', () => {
    const bundle = encodeBundle(entries);
    for (const length of [1, 2, 4, 6, 7, bundle.length - 1]) {
      const { entries: read, malformed } = decodeBundle(bundle.subarray(0, length));
      expect(malformed).toMatch(`byte ${length}`);
      expect(read.length).toBeLessThan(3);
    }
  });
});

describe('a growing log', () => {
  it('writes full tiles once, and one partial tile on each level that grew', async () => {
    const log = new LogFolder();
    expect(await log.grow(255)).toEqual(['tile/entries/000.p/255', 'tile/0/000.p/255']);
    expect(await log.grow(1)).toEqual(['tile/entries/000', 'tile/0/000', 'tile/1/000.p/1']);
    expect(await log.grow(300)).toEqual([
      ...['tile/entries/001', 'tile/entries/002.p/44', 'tile/0/001', 'tile/0/002.p/44'],
      'tile/1/000.p/2',
    ]);
    expect(await log.grow(0)).toEqual([]);
  });

  it('has the same tiles however it grew', async () => {
    const steps = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 6 });
    const property = fc.asyncProperty(steps, async (counts) => {
      const grown = await logOf(...counts);
      const whole = await logOf(counts.reduce((a, b) => a + b));
      for (const [path, bytes] of whole.files)
        expect(Buffer.compare(grown.files.get(path) ?? Buffer.of(), bytes)).toBe(0);
    });
    await fc.assert(property, { numRuns: 40 });
  });

  it('is written again alike after a crash, also without the partial tiles that a full one replaced', async () => {
    const log = await logOf(200);
    await log.grow(400);
    const before = new Map(log.files);
    for (const path of log.files.keys()) if (path.includes('.p/200')) log.files.delete(path);
    const again = growLog({ size: 200, entries: log.entries.slice(200), read: log.read });
    for await (const { path, bytes } of again) expect(Buffer.compare(bytes, before.get(path) ?? Buffer.of())).toBe(0);
  });

  it.each(['tile/0/000.p/9', 'tile/entries/000.p/9'])('does not grow from a log without its %s', async (path) => {
    const log = await logOf(9);
    log.files.delete(path);
    await expect(log.grow(1)).rejects.toMatchObject({ code: 'TILE_MISSING', message: `${path} is missing` });
    log.files.set(path, Buffer.alloc(8));
    await expect(log.grow(1)).rejects.toMatchObject({ code: 'TILE_MALFORMED' });
  });

  it('has full tiles on the third level', async () => {
    // Leaf hashes only: the entries' bytes do not matter to tiles of hashes.
    const [entry] = testEntries(1);
    const entries = new Array(65_536 + 256).fill({ note: Buffer.alloc(0), hash: entry?.hash }) as typeof log.entries;
    const log = new LogFolder();
    const paths: string[] = [];
    for await (const { path, bytes } of growLog({ size: 0, entries, read: log.read })) {
      log.files.set(path, bytes);
      paths.push(path);
    }
    expect(paths.filter((path) => /^tile\/[1-9]/.test(path))).toEqual([
      'tile/1/000',
      'tile/1/001.p/1',
      'tile/2/000.p/1',
    ]);
    const [proof, root] = [
      await inclusionProof(65_600, 65_792, tileHashReader(log.read, 65_792)),
      merkleRoot(entries.map((one) => one.hash)),
    ];
    expect(
      verifyInclusion({ leafHash: entry?.hash as Uint8Array, leafIndex: 65_600, treeSize: 65_792, proof, root }),
    ).toBe(true);
  });
});

describe('proofs from tiles', () => {
  it('verify, for every size the log once had', async () => {
    const log = await logOf(100, 156, 400, 144);
    const property = fc.asyncProperty(fc.constantFrom(100, 256, 656, 800), fc.nat(), async (treeSize, any) => {
      const leafIndex = any % treeSize;
      const reader = tileHashReader(log.read, treeSize);
      const [proof, root] = [await inclusionProof(leafIndex, treeSize, reader), log.root(treeSize)];
      const leafHash = log.entries[leafIndex]?.hash as Uint8Array;
      expect(verifyInclusion({ leafHash, leafIndex, treeSize, proof, root })).toBe(true);
      const older = any % (treeSize + 1);
      const consistency = { size1: older, size2: treeSize, root1: log.root(older), root2: root };
      expect(verifyConsistency({ ...consistency, proof: await consistencyProof(older, treeSize, reader) })).toBe(true);
    });
    await fc.assert(property, { numRuns: 200 });
  });

  it('come from the full tile when the partial one is gone', async () => {
    const log = await logOf(100, 200);
    log.files.delete('tile/0/000.p/100');
    const proof = await inclusionProof(99, 100, tileHashReader(log.read, 100));
    const leafHash = log.entries[99]?.hash as Uint8Array;
    expect(verifyInclusion({ leafHash, leafIndex: 99, treeSize: 100, proof, root: log.root(100) })).toBe(true);
  });

  it('read each tile once', async () => {
    const log = await logOf(700);
    const reads: string[] = [];
    const reader = tileHashReader((path) => (reads.push(path), log.read(path)), 700);
    for (let i = 0; i < 50; i += 1) await inclusionProof(i, 700, reader);
    expect(reads.length).toBe(new Set(reads).size);
  });

  it('fail clearly, and not for ever, without the tile', async () => {
    const log = await logOf(300);
    const tile = log.files.get('tile/0/001.p/44') as Uint8Array;
    log.files.delete('tile/0/001.p/44');
    const reader = tileHashReader(log.read, 300);
    await expect(inclusionProof(299, 300, reader)).rejects.toMatchObject({ code: 'TILE_MISSING' });
    log.files.set('tile/0/001.p/44', tile.subarray(1));
    await expect(inclusionProof(299, 300, reader)).rejects.toMatchObject({ code: 'TILE_MALFORMED' });
    log.files.set('tile/0/001.p/44', tile);
    await expect(inclusionProof(299, 300, reader)).resolves.toHaveLength(5);
    await expect(reader([{ level: 9, index: 0 }])).rejects.toMatchObject({ code: 'PROOF_IMPOSSIBLE' });
  });
});
