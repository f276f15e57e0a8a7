/** What is built on a group that failed is not stored, until somebody takes its place again. */
import { expect, it } from 'vitest';
import { commitInOrder } from '../../../../core/ledger/append/commit-in-order.ts';
import type { CommitGroup, CommitOutcome } from '../../../../core/ledger/index.ts';

const group = (...places: readonly [chain: string, seq: number][]): CommitGroup =>
  ({ entries: places.map(([chain, seq]) => ({ chain, seq })), writes: [] }) as unknown as CommitGroup;

/** Which groups were handed on, and what came of all. */
function commit(groups: readonly CommitGroup[], fail: readonly number[]): { handed: number[]; kinds: string[] } {
  const handed: number[] = [];
  const outcomes = commitInOrder(groups, (one): CommitOutcome => {
    const index = groups.indexOf(one);
    handed.push(index);
    return fail.includes(index)
      ? { kind: 'conflict', chain: 'a', winner: undefined }
      : ({ kind: 'committed', positions: [index] } as unknown as CommitOutcome);
  });
  return { handed, kinds: outcomes.map(({ kind }) => kind) };
}

it('refuses what comes after a failed group of its chain, and lets other chains pass', () => {
  const groups = [group(['a', 1]), group(['a', 2]), group(['b', 0]), group(['b', 1], ['a', 3])];
  expect(commit(groups, [0])).toEqual({
    handed: [0, 2],
    kinds: ['conflict', 'conflict', 'committed', 'conflict'],
  });
});

it('takes the failed place again, and then goes on behind it', () => {
  const groups = [group(['a', 1]), group(['a', 1]), group(['a', 2])];
  expect(commit(groups, [0])).toEqual({ handed: [0, 1, 2], kinds: ['conflict', 'committed', 'committed'] });
});

it('keeps the lowest failed place: one that succeeds below it mends nothing', () => {
  const groups = [group(['a', 5]), group(['a', 3]), group(['a', 4]), group(['a', 3]), group(['a', 4])];
  expect(commit(groups, [0, 1])).toEqual({
    handed: [0, 1, 3, 4],
    kinds: ['conflict', 'conflict', 'conflict', 'committed', 'committed'],
  });
  expect(commit([group(['a', 5]), group(['a', 4]), group(['a', 6])], [0]).kinds).toEqual([
    ...['conflict', 'committed', 'conflict'],
  ]);
});
