/** What remembers nodes says the same of a path as who computes the root, whatever it was asked before. */
import { describe, expect, it } from 'vitest';
import { leafHash } from '../../../../core/canonical/index.ts';
import { inclusionRoot } from '../../../../core/ledger/merkle/merkle-verify.ts';
import { ProvenTree } from '../../../../core/ledger/merkle/proven-tree.ts';
import { growSmallTree } from '../../../../core/ledger/merkle/small-tree.ts';

const SIZES = Array.from({ length: 15 }, (_, i) => i + 2);

function treeOf(size: number, seed: string) {
  const leaves = Array.from({ length: size }, (_, i) => leafHash(Buffer.from(`${seed} ${i}`)));
  return { leaves, ...growSmallTree(leaves) };
}
/** Indices in orders that learn differently. */
function orders(size: number): number[][] {
  const up = Array.from({ length: size }, (_, i) => i);
  const even = up.filter((i) => i % 2 === 0);
  return [up, up.toReversed(), [...even, ...up.filter((i) => i % 2 === 1)], up.map((i) => (i * 7) % size)];
}
const flipped = (hash: Uint8Array, at: number): Uint8Array => hash.map((byte, i) => (i === at ? byte ^ 1 : byte));

describe.each(SIZES)('a proven tree of %i leaves', (size) => {
  const { leaves, root, proofs } = treeOf(size, 'leaf');
  const other = treeOf(size, 'other');

  it('knows every honest path, in any order and again', () => {
    for (const order of orders(size)) {
      const tree = new ProvenTree(size, root);
      for (const i of [...order, ...order])
        expect(tree.leads(leaves[i] as Uint8Array, i, proofs[i] as Uint8Array[])).toBe(true);
    }
  });

  it('takes no other: wherever it has learned something, and where it has not', () => {
    for (const learned of [[], [0], [size - 1], leaves.keys()]) {
      const tree = new ProvenTree(size, root);
      for (const i of learned) tree.leads(leaves[i] as Uint8Array, i, proofs[i] as Uint8Array[]);
      const taken = (leaf: Uint8Array, index: number, path: readonly Uint8Array[]): void => {
        const found = inclusionRoot({ leafHash: leaf, leafIndex: index, treeSize: size, proof: path });
        const leads = found !== undefined && Buffer.compare(found, root) === 0;
        expect(tree.leads(leaf, index, path)).toBe(leads);
      };
      for (const [i, path] of proofs.entries()) {
        const leaf = leaves[i] as Uint8Array;
        for (let at = 0; at < path.length; at += 1)
          for (const byte of [0, 31])
            taken(
              leaf,
              i,
              path.map((hash, p) => (p === at ? flipped(hash, byte) : hash)),
            );
        taken(flipped(leaf, 5), i, path);
        taken(other.leaves[i] as Uint8Array, i, path);
        taken(leaf, i, other.proofs[i] as Uint8Array[]);
        taken(leaf, i, path.slice(1));
        taken(leaf, i, path.slice(0, -1));
        taken(leaf, i, [...path, root]);
        taken(leaf, i, path.toReversed());
        for (let index = 0; index < size; index += 1) taken(leaf, index, path);
        // what is refused teaches nothing
        taken(leaf, i, path);
      }
    }
  });
});
