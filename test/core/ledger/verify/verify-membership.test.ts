/** Is an entry in the log, and does the log have more of its chain: proven from the tiles, found in the bundles. */
import { beforeEach, describe, expect, it } from 'vitest';
import { LogMembership } from '../../../../core/ledger/verify/verify-membership.ts';
import { windowFixture, type WindowFixture } from '../window-fixture.ts';

const SIZE = 300;
let fixture: WindowFixture;
let log: LogMembership;
beforeEach(async () => {
  fixture = await windowFixture();
  log = new LogMembership(fixture.read, SIZE, fixture.root(SIZE));
});

const at = (position: number) => {
  const entry = fixture.committed[position];
  if (entry === undefined) throw new Error('the fixture is smaller');
  return entry;
};

describe('an entry', () => {
  it('is in the log at its place, and nowhere else', async () => {
    expect(await log.check(at(0))).toBeUndefined();
    expect(await log.check(at(SIZE - 1))).toBeUndefined();
    expect(await log.check({ ...at(7), position: 8 })).toMatchObject({ verdict: 'CONTENT_MISMATCH', position: 8 });
  });

  it('that the checkpoint does not cover is not asked for', async () => {
    const bare = { ...at(7), position: undefined };
    expect([log.covers(at(SIZE - 1)), log.covers({ position: SIZE }), log.covers(bare)]).toEqual([true, false, false]);
    expect(await log.check({ ...at(7), position: SIZE })).toBeUndefined();
    expect(await log.check(bare)).toBeUndefined();
  });

  it('cannot be shown without its tile', async () => {
    fixture.files.delete('tile/0/000');
    expect(await log.check(at(7))).toMatchObject({ verdict: 'UNREADABLE', position: 7 });
  });
});

it('gives the roots of smaller sizes, and of none beyond', async () => {
  const roots = await log.rootsAt([0, 1, 257, SIZE, SIZE + 1]);
  expect([...roots.keys()]).toEqual([0, 1, 257, SIZE]);
  for (const [size, root] of roots) expect(Buffer.compare(root, fixture.root(size))).toBe(0);
});

describe('more of a chain', () => {
  const last = (): ReturnType<typeof at> => at(SIZE - 1);

  it('is found behind its head', async () => {
    const { chain, seq } = last();
    const own = fixture.committed.filter((one) => one.chain === chain);
    const head = own.at(-2);
    if (head === undefined) throw new Error('the chain is longer');
    const { finding, searchedTo } = await log.findAfter({ chain, seq: head.seq, position: head.position }, 10);
    expect(finding).toMatchObject({ verdict: 'MISSING_ENTRY', entity: chain, seq, position: SIZE - 1 });
    expect(searchedTo).toBe(256);
    const earlier = own.at(-3);
    const far = await log.findAfter({ chain, seq: earlier?.seq ?? 0, position: SIZE - 2 }, 10);
    expect(far.finding).toMatchObject({ seq: seq - 1 }); // the one that follows its head is named, whatever is found
    expect(far.finding).not.toHaveProperty('position', 256);
  });

  it('is not there behind the last, and the search says how far it went', async () => {
    expect(await log.findAfter(last(), 10)).toEqual({ searchedTo: SIZE });
    expect(await log.findAfter({ chain: 'nobody', seq: 0, position: 0 }, 1)).toEqual({ searchedTo: 256 });
    expect(await log.findAfter({ chain: 'nobody', seq: 0, position: 0 }, 2)).toEqual({ searchedTo: SIZE });
  });

  it('cannot be told without the bundle', async () => {
    fixture.files.delete('tile/entries/001.p/44');
    const { finding, searchedTo } = await log.findAfter({ chain: 'nobody', seq: 0, position: 256 }, 10);
    expect([finding?.verdict, searchedTo]).toEqual(['UNREADABLE', 256]);
  });

  it('is believed of no bundle that the tiles do not bear out', async () => {
    const { chain, seq } = last();
    const made = new LogMembership(fixture.read, SIZE, new Uint8Array(32));
    expect(await made.findAfter({ chain, seq: seq - 1, position: 255 }, 10)).toEqual({ searchedTo: SIZE });
  });
});
