/** One hash for every full tile, level by level. */
import { expect, it } from 'vitest';
import { perfectRoot } from '../../../../core/ledger/merkle/merkle-hash.ts';
import { levelAbove, perfectSubtrees } from '../../../../core/ledger/verify/verify-tree.ts';
import { testEntries } from '../log-fixture.ts';

it('has one hash above for each full 256 hashes, and none for the rest', () => {
  const hashes = Buffer.concat(testEntries(600).map(({ hash }) => hash));
  const [first, second] = [0, 1].map((i) => perfectRoot(hashes.subarray(i * 8192, (i + 1) * 8192)));
  expect(levelAbove(hashes)).toEqual(Buffer.concat([first ?? Buffer.of(), second ?? Buffer.of()]));
  expect(levelAbove(hashes.subarray(0, 512 * 32))).toHaveLength(64); // just full
  expect(levelAbove(hashes.subarray(0, 512 * 32 - 32))).toHaveLength(32);
  expect(levelAbove(new Uint8Array())).toHaveLength(0);
});

it('falls into perfect subtrees', () => {
  expect(perfectSubtrees(0, 7)).toEqual([
    { level: 2, index: 0 },
    { level: 1, index: 2 },
    { level: 0, index: 6 },
  ]);
  expect(perfectSubtrees(3, 8)).toEqual([
    { level: 0, index: 3 },
    { level: 2, index: 1 },
  ]);
  expect(perfectSubtrees(5, 5)).toEqual([]);
});
