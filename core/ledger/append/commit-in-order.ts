/** For stores that commit one group after the other: refuses what is built on a group that failed before it. */
import type { CommitGroup, CommitOutcome } from '../entries/ports.ts';

/**
 * Without this, a group would be stored behind an entry it was not built on, wherever somebody else holds the place of the
 * failed one: its place is free then, but its `prev` is wrong.
 */
export function commitInOrder(
  groups: readonly CommitGroup[],
  commitGroup: (group: CommitGroup) => CommitOutcome,
): CommitOutcome[] {
  /** chain → the lowest seq at which a group failed and no later one succeeded */
  const broken = new Map<string, number>();
  return groups.map((group) => {
    const orphan = group.entries.find(({ chain, seq }) => seq > (broken.get(chain) ?? Infinity));
    const outcome: CommitOutcome =
      orphan === undefined ? commitGroup(group) : { kind: 'conflict', chain: orphan.chain, winner: undefined };
    for (const { chain, seq } of group.entries) {
      const lowest = broken.get(chain) ?? Infinity;
      if (outcome.kind !== 'committed') broken.set(chain, Math.min(seq, lowest));
      else if (seq >= lowest) broken.delete(chain);
    }
    return outcome;
  });
}
