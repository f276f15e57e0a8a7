/** Whether an entry follows another: each way in which it does not has its own words, and names the place. */
import { expect, it } from 'vitest';
import type { ChainHash } from '../../../../core/brands/index.ts';
import { linkFinding } from '../../../../core/ledger/index.ts';
import { checked } from '../../../support/checked.ts';

const [HASH, OTHER] = ['ab'.repeat(32), 'cd'.repeat(32)];
const before = { seq: 3, hash: checked<ChainHash>(HASH) };
const link = (seq: number, prev = HASH, position: number | undefined = 9) =>
  linkFinding({ chain: 'account:1', seq, position }, prev, before);

it('follows with the next number and the hash of the one before', () => {
  expect(link(4)).toBeUndefined();
  expect(
    linkFinding({ chain: 'a', seq: 0, position: 0 }, HASH, { seq: -1, hash: checked<ChainHash>(HASH) }),
  ).toBeUndefined();
});

it.each([5, 6, 100])('does not follow as #%i: the entry between is missing, and has no place in the log', (seq) => {
  expect(link(seq)).toEqual({
    ...{ verdict: 'MISSING_ENTRY', entity: 'account:1', seq: 4, detail: `after #3 comes #${seq}` },
  });
});

it.each([3, 2, 0])('does not follow as #%i, which was there before', (seq) => {
  expect(link(seq)).toMatchObject({ verdict: 'LINK_BROKEN', seq, position: 9, detail: `#${seq} comes after #3` });
});

it('does not follow with another hash, and names both', () => {
  expect(link(4, OTHER)).toMatchObject({
    ...{ verdict: 'LINK_BROKEN', seq: 4, detail: `names ${OTHER} as the entry before it, which is ${HASH}` },
  });
});
