/** One chain, verified from its entries: whole, in parts that go on from each other, and by a process that remembers it. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { ChainHash, LeafHash } from '../../../../core/brands/index.ts';
import { MemoryStore } from '../../../../adapters/memory/index.ts';
import { toHex } from '../../../../core/canonical/index.ts';
import {
  EntryVerifier,
  KnownChains,
  RememberingVerifier,
  verifyChain,
  type ChainLinks,
  type EntryStore,
  type KnownRun,
  type StoredEntry,
} from '../../../../core/ledger/index.ts';
import { appenderOn, note, ORIGIN, ROOT } from '../ledger-fixture.ts';
import { checked } from '../../../support/checked.ts';

const ENTITY = 'account:1';
/** more than two pages */
const LENGTH = 1_203;

let store: MemoryStore;
let chain: readonly StoredEntry[];
beforeAll(async () => {
  store = new MemoryStore();
  const appender = appenderOn(store);
  for (let from = 0; from < LENGTH; from += 100)
    await Promise.all(
      Array.from({ length: Math.min(100, LENGTH - from) }, (_, i) =>
        appender.append({ entries: [note(ENTITY, `e${from + i}`)] }),
      ),
    );
  chain = await store.read(ENTITY, 0, LENGTH);
});

const options = () => ({
  ...{ ledger: 'main', root: ROOT, signatures: true, rootSigned: () => false },
  certificate: async (name: string) => (await store.read(name, 0, 1))[0],
});
interface ReadRequest {
  readonly from?: number;
  readonly to?: number;
  readonly entries?: readonly StoredEntry[];
  readonly runs?: readonly KnownRun[];
}
async function verified(
  asked: ReadRequest = {},
): Promise<ChainLinks & { readonly remembered: number; readonly asked: number[] }> {
  const { entries = chain, runs = [], ...part } = asked;
  const counts: number[] = [];
  const read: EntryStore['read'] = (name, from, limit) => {
    if (name !== ENTITY) return store.read(name, from, limit);
    counts.push(limit);
    return Promise.resolve(entries.filter(({ seq }) => seq >= from).slice(0, limit));
  };
  const verifier = new RememberingVerifier(options(), runs);
  const links = await verifyChain({ read }, { origin: ORIGIN, entity: ENTITY, ...part }, { verifier });
  return { ...links, remembered: verifier.remembered, asked: counts };
}
const at = (seq: number): StoredEntry => chain[seq] as StoredEntry;
const without = (seq: number): StoredEntry[] => chain.filter((one) => one.seq !== seq);
const changed = (seq: number, more: Partial<StoredEntry>): StoredEntry[] =>
  chain.map((one) => (one.seq === seq ? { ...one, ...more } : one));
const run = (from: number, seq: number): KnownRun => ({ from, seq, hash: toHex(at(seq).hash) });
const forged = checked<LeafHash>(Buffer.alloc(32, 7));

describe('a chain', () => {
  it('is right from its first entry to its last, and reads no entry twice', async () => {
    const links = await verified();
    expect(links).toMatchObject({ entries: LENGTH, hasChanges: false, remembered: 0, asked: [500, 500, 500] });
    expect(links.head).toEqual({ seq: LENGTH - 1, hash: at(LENGTH - 1).hash, position: at(LENGTH - 1).position });
    expect(links.finding).toBeUndefined();
  });

  it.each([
    [0, 1],
    [0, 500],
    [0, 501],
    [1, 2],
    [7, 7],
    [7, 1_007],
    [1_202, 1_203],
  ])('is right from %i to %i, and says nothing of the rest', async (from, to) => {
    const links = await verified({ from, to });
    expect(links.finding).toBeUndefined();
    expect([links.entries, links.head?.seq]).toEqual([to - from, to === from ? undefined : to - 1]);
    expect(links.asked.reduce((sum, limit) => sum + limit, 0)).toBe(to - from + (from === 0 ? 0 : 1));
  });

  it('ends where its entries end, whatever was asked for', async () => {
    expect(await verified({ from: 1_200, to: 5_000 })).toMatchObject({ entries: 3 });
    expect(await verified({ from: LENGTH })).toMatchObject({ entries: 0 });
    expect(await verified({ entries: [] })).toMatchObject({ entries: 0, hasChanges: false });
  });

  it('has nothing to go on from where the entry before the part is gone', async () => {
    expect((await verified({ from: LENGTH + 1 })).finding).toMatchObject({ verdict: 'MISSING_ENTRY', seq: LENGTH });
    expect((await verified({ from: 8, entries: without(7) })).finding).toMatchObject({
      verdict: 'MISSING_ENTRY',
      seq: 7,
    });
  });

  it.each([0, 1, 499, 500, 501, 1_201])('names entry %i when it is gone', async (seq) => {
    const links = await verified({ entries: without(seq) });
    expect(links).toMatchObject({ entries: seq, finding: { verdict: 'MISSING_ENTRY', seq } });
  });

  it('names the first entry that is not what it was, and counts those before', async () => {
    expect(await verified({ entries: changed(600, { hash: forged }) })).toMatchObject({
      ...{ entries: 600, finding: { verdict: 'CONTENT_MISMATCH', seq: 600 } },
    });
    const other = new MemoryStore();
    await appenderOn(other).append({ entries: [note(ENTITY, 'other')] });
    const [first] = await other.read(ENTITY, 0, 1);
    const links = await verified({ entries: changed(0, first as StoredEntry) });
    expect(links.finding).toMatchObject({ seq: 0 });
  });

  it('asks who looks at each entry besides, in order, and stops at what is found', async () => {
    const seen: number[] = [];
    const verifier = new EntryVerifier(options());
    const alsoCheck = ({ seq, chain: entity }: StoredEntry) => {
      seen.push(seq);
      return seq === 3 ? Promise.resolve({ verdict: 'UNREADABLE', entity, seq, detail: 'x' } as const) : undefined;
    };
    const links = await verifyChain(store, { origin: ORIGIN, entity: ENTITY }, { verifier, alsoCheck });
    expect([seen, links.entries, links.finding?.seq]).toEqual([[0, 1, 2, 3], 3, 3]);
  });

  it('says whether it leads to a document', async () => {
    const own = new MemoryStore();
    const appender = appenderOn(own);
    const draft = { type: 'change.proposed', actor: { kind: 'module', id: 'm' }, idem: 'c', data: {} } as const;
    await appender.append({ entries: [{ chain: 'a', draft }] });
    await appender.append({ entries: [note('a', 'e')] });
    const verifier = new EntryVerifier({ ...options(), certificate: async (name) => (await own.read(name, 0, 1))[0] });
    expect(await verifyChain(own, { origin: ORIGIN, entity: 'a' }, { verifier })).toMatchObject({
      entries: 2,
      hasChanges: true,
    });
  });

  it('stops when nobody waits for it any more', async () => {
    const verifier = new EntryVerifier(options());
    const signal = AbortSignal.abort();
    await expect(verifyChain(store, { origin: ORIGIN, entity: ENTITY }, { verifier, signal })).rejects.toThrow(
      /abort/i,
    );
  });
});

describe('a chain that this process knows', () => {
  it.each([
    [[[0, 1_202]], 1_203],
    [[[0, 99]], 100],
    [[[100, 199]], 100],
    [
      [
        [0, 99],
        [1_000, 1_009],
      ],
      110,
    ],
    [[[5, 5]], 1],
  ] as [[number, number][], number][])(
    'is right again, and asks for no signature of %j',
    async (places, remembered) => {
      const links = await verified({ runs: places.map(([from, seq]) => run(from, seq)) });
      expect(links).toMatchObject({ entries: LENGTH, remembered });
      expect(links.finding).toBeUndefined();
    },
  );

  it('is not believed where the last entry that is known has become another, however right', async () => {
    const runs = [run(0, 50), { ...run(0, 60), hash: toHex(forged) }];
    expect((await verified({ runs })).finding).toMatchObject({ verdict: 'FORK', seq: 60 });
    expect((await verified({ runs: [...runs].reverse() })).finding).toMatchObject({ verdict: 'FORK', seq: 60 });
  });

  it.each<[string, number, () => readonly StoredEntry[], string]>([
    ['its hash', 40, () => changed(40, { hash: forged }), 'CONTENT_MISMATCH'],
    ['its place', 40, () => changed(40, { note: at(41).note, hash: at(41).hash }), 'LINK_BROKEN'],
    ['its chain', 40, () => changed(40, { chain: 'account:2' }), 'LINK_BROKEN'],
  ])('is looked at all the same: %s', async (_, seq, entries, verdict) => {
    expect((await verified({ runs: [run(0, 90)], entries: entries() })).finding).toMatchObject({ verdict });
    expect(seq).toBeLessThan(90);
  });

  it('asks for the signatures again once the key is not vouched for any more', async () => {
    const verifier = new RememberingVerifier({ ...options(), certificate: () => Promise.resolve(undefined) }, [
      run(0, 9),
    ]);
    const links = await verifyChain(store, { origin: ORIGIN, entity: ENTITY }, { verifier });
    expect([links.finding?.verdict, verifier.remembered]).toEqual(['KEY_UNKNOWN', 0]);
  });
});

describe('what a process remembers of a chain', () => {
  const hash = 'ab';
  it('grows with what it wrote in a row, and begins anew after a gap', () => {
    const known = new KnownChains();
    expect(known.runs('a')).toEqual([]);
    for (const seq of [4, 5, 6]) known.wrote('a', { seq, hash: checked<ChainHash>(`${seq}`) });
    expect(known.runs('a')).toEqual([{ from: 4, seq: 6, hash: '6' }]);
    known.wrote('a', { seq: 8, hash: checked<ChainHash>('8') });
    expect(known.runs('a')).toEqual([{ from: 8, seq: 8, hash: '8' }]);
  });

  it('keeps what it wrote first at a place, and what it verified last', () => {
    const known = new KnownChains();
    known.wrote('a', { seq: 4, hash: checked<ChainHash>('first') });
    for (const seq of [4, 3]) known.wrote('a', { seq, hash: checked<ChainHash>('second') });
    expect(known.runs('a')).toEqual([{ from: 4, seq: 4, hash: 'first' }]);
    known.verified('a', { seq: 9, hash: checked<ChainHash>('nine') });
    known.verified('a', { seq: 8, hash: checked<ChainHash>('eight') });
    expect(known.runs('a')).toEqual([
      { from: 0, seq: 9, hash: 'nine' },
      { from: 4, seq: 4, hash: 'first' },
    ]);
    known.verified('a', { seq: 9, hash: checked<ChainHash>('nine again') });
    known.verified('b', { seq: 0, hash: checked<ChainHash>(hash) });
    expect(known.runs('a')[0]?.hash).toBe('nine again');
    expect(known.runs('b')).toEqual([{ from: 0, seq: 0, hash }]);
  });

  it('forgets the chain that was longest untouched when there are more than twenty thousand', () => {
    const known = new KnownChains();
    for (let n = 0; n < 20_000; n++) known.verified(`c${n}`, { seq: 0, hash: checked<ChainHash>(hash) });
    expect(known.runs('c0')).toHaveLength(1);
    known.verified('c0', { seq: 1, hash: checked<ChainHash>(hash) });
    known.verified('new', { seq: 0, hash: checked<ChainHash>(hash) });
    expect(['c0', 'c1', 'c2', 'new'].map((name) => known.runs(name).length)).toEqual([1, 0, 1, 1]);
  });
});
