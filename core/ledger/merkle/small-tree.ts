/** A tree that is small enough to be held whole: its root and the inclusion proof of each leaf (RFC 6962, as in merkle-prove.ts). */
import { nodeHash } from './merkle-hash.ts';

export interface SmallTree {
  readonly root: Uint8Array;
  /** of each leaf in order: its siblings upwards */
  readonly proofs: readonly (readonly Uint8Array[])[];
}

/** @param leaves hashes of at least one leaf */
export function growSmallTree(leaves: readonly Uint8Array[]): SmallTree {
  const proofs = leaves.map((): Uint8Array[] => []);
  let row = leaves;
  for (let width = 1; row.length > 1; width *= 2) {
    for (const [i, proof] of proofs.entries()) {
      const at = Math.floor(i / width);
      const sibling = row[at % 2 === 0 ? at + 1 : at - 1];
      if (sibling !== undefined) proof.push(sibling);
    }
    row = rowAbove(row);
  }
  return { root: row[0] as Uint8Array, proofs };
}

/** A last one without a sibling rises as it is. */
function rowAbove(row: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let i = 0; i < row.length; i += 2) {
    const [left, right] = [row[i] as Uint8Array, row[i + 1]];
    above.push(right === undefined ? left : nodeHash(left, right));
  }
  return above;
}
