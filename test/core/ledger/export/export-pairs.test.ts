/** The entries of a published log out of its own files, as far as they hold what they promise. */
import { beforeEach, describe, expect, it } from 'vitest';
import { bundlePairs, keyEntriesIn, placeIn, readEntries } from '../../../../core/ledger/export/export-pairs.ts';
import { windowFixture, type WindowFixture } from '../window-fixture.ts';

const SIZE = 300;
const NOWHERE = { chain: '(not recorded)', seq: 0 };
let fixture: WindowFixture;
beforeEach(async () => {
  fixture = await windowFixture();
});

async function pairs(from = 0, to = SIZE) {
  const pages = [];
  for await (const page of bundlePairs({ read: fixture.read, size: SIZE }, { from, to })) pages.push(page);
  return pages;
}

describe('the place that an entry names', () => {
  const text = (line: string): Uint8Array => Buffer.from(line);

  it('is read from its end', () => {
    expect(placeIn(fixture.committed[5]?.note ?? text(''))).toEqual({
      ...{ chain: fixture.committed[5]?.chain, seq: fixture.committed[5]?.seq },
    });
    const inner =
      '{"data":{"entity":"x","idem":"y","seq":1},"entity":"a:1","idem":"e","prev":"","seq":7,"type":"event"}';
    expect(placeIn(text(inner))).toEqual({ chain: 'a:1', seq: 7 });
    expect(placeIn(text('"entity":"a","idem":"e","seq":3'))).toEqual({ chain: 'a', seq: 3 });
  });

  it.each([
    ['no seq', '"entity":"a","idem":"e"'],
    ['no idem', '"entity":"a","seq":3'],
    ['no entity', '{"idem":"e","idem":"e","seq":3'],
    ['no number', '"entity":"a","idem":"e","seq":x'],
    ['too large a number', '"entity":"a","idem":"e","seq":9007199254740993'],
    ['nothing', ''],
  ])('is none with %s', (_, line) => {
    expect(placeIn(text(line))).toEqual(NOWHERE);
  });

  it('may begin where the bytes do', () => {
    expect(placeIn(text('","seq":3'))).toEqual(NOWHERE);
    expect(placeIn(text('"entity":"","idem":"e","seq":0'))).toEqual({ chain: '', seq: 0 });
  });
});

describe('the pairs of a published log', () => {
  it('are a page for each bundle, in the order of the log', async () => {
    const pages = await pairs();
    expect(pages.map(({ length }) => length)).toEqual([256, 44]);
    const flat = pages.flat();
    expect(flat.map(({ position }) => position)).toEqual(Array.from({ length: SIZE }, (_, i) => i));
    for (const { position, place, entry } of flat) {
      const wanted = fixture.committed[position];
      expect([place?.chain, place?.seq, entry?.note]).toEqual([wanted?.chain, wanted?.seq, wanted?.note]);
      expect(Buffer.compare(entry?.hash ?? Buffer.of(), wanted?.hash ?? Buffer.of())).toBe(0);
    }
    expect((await pairs(0, 256)).map(({ length }) => length)).toEqual([256]);
    expect((await pairs(256)).map(({ length }) => length)).toEqual([44]);
    expect(await pairs(0, 0)).toEqual([]);
  });

  it('have no entry where bundle or tile is gone, short or too long', async () => {
    const bundle = fixture.files.get('tile/entries/001.p/44') ?? Buffer.of();
    fixture.files.delete('tile/entries/001.p/44');
    expect((await pairs(256))[0]?.[0]).toEqual({ position: 256, place: undefined, entry: undefined });
    fixture.files.set('tile/entries/001.p/44', bundle.subarray(0, bundle.length - 1));
    const cut = (await pairs(256))[0] ?? [];
    expect(cut[42]?.entry?.position).toBe(298);
    expect(cut[43]).toMatchObject({ position: 299, place: undefined, entry: undefined });
    expect(cut[43]?.damage).toContain('tile/entries/001.p/44: ');
    fixture.files.set('tile/entries/001.p/44', Buffer.concat([bundle, Buffer.of(0)]));
    const long = (await pairs(256))[0] ?? [];
    expect(long[42]?.entry?.position).toBe(298);
    expect(long[43]).toMatchObject({ place: { position: 299 }, entry: undefined });
    fixture.files.set('tile/entries/001.p/44', bundle);
    fixture.files.delete('tile/0/001.p/44');
    expect((await pairs(256))[0]?.[0]).toMatchObject({ entry: undefined, damage: 'tile/0/001.p/44 is missing' });
  });
});

it('reads entries from an index on, up to the first that is gone', async () => {
  const files = { read: fixture.read, size: SIZE };
  const positions = async (from: number, limit: number): Promise<number[]> =>
    (await readEntries(files, from, limit)).map(({ position }) => position);
  expect(await positions(254, 4)).toEqual([254, 255, 256, 257]);
  expect(await positions(298, 100)).toEqual([298, 299]);
  expect(await positions(SIZE, 1)).toEqual([]);
  fixture.files.delete('tile/entries/001.p/44');
  expect(await positions(254, 4)).toEqual([254, 255]);
});

describe('entries about keys', () => {
  it('are found by their chains, with their places', async () => {
    const found = await keyEntriesIn({ read: fixture.read, size: SIZE });
    const [certificate] = fixture.committed;
    expect([...found.keys()]).toEqual([certificate?.chain]);
    expect(found.get(certificate?.chain ?? '')?.map(({ seq, position }) => [seq, position])).toEqual([[0, 0]]);
  });

  it('are not looked for behind a gap of a size that nobody signed, nor behind a long one', async () => {
    const read: string[] = [];
    const reading = async (path: string): Promise<Uint8Array | undefined> => {
      read.push(path);
      return path.startsWith('tile/entries/001') ? undefined : fixture.files.get(path);
    };
    const asked = async (size: number, stopAtGap: boolean): Promise<number> => {
      read.length = 0;
      await keyEntriesIn({ read: reading, size }, { stopAtGap });
      return new Set(read.map((path) => /entries\/(x?[0-9]+(?:\/[0-9]+)?)/.exec(path)?.[1])).size;
    };
    expect(await asked(1024, true)).toBe(2);
    expect(await asked(1024, false)).toBe(4);
    expect(await asked(256, false)).toBe(1);
    expect(await asked(256 * 1000, false)).toBe(258); // the first bundle, and 257 that are missing
  });
});

it('reads no bundle in which nothing is wanted', async () => {
  const reads: string[] = [];
  const read = (path: string) => (reads.push(path), fixture.read(path));
  const files = { read, size: SIZE };
  const bundles = () => reads.splice(0).filter((path) => path.startsWith('tile/entries/'));
  await readEntries(files, 0, 256);
  expect(bundles()).toEqual(['tile/entries/000']);
  await readEntries(files, 256, 1);
  expect(bundles()).toEqual(['tile/entries/001.p/44']);
  for (const [from, to] of [
    [0, 256],
    [256, SIZE],
  ] as const) {
    for await (const _ of bundlePairs(files, { from, to }));
    expect(bundles()).toHaveLength(1);
  }
});
