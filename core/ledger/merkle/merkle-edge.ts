/**
 * The right edge of a growing Merkle tree (a "compact range"): enough to append leaves and to know the root, in memory and
 * storage that grow with the logarithm of the size. It cannot say what the leaves were; proofs need the tiles.
 */
import { LogError } from './log-errors.ts';
import { EMPTY_ROOT, HASH_BYTES, nodeHash, splitHashes } from './merkle-hash.ts';

export interface EdgeState {
  /** leaves of the tree */
  readonly size: number;
  /** roots of its perfect subtrees, largest first, 32 bytes each: one for every 1 in the binary form of `size` */
  readonly edge: Uint8Array;
}

export class MerkleEdge {
  private leaves: number;
  private readonly roots: Uint8Array[];

  /** @throws LogError EDGE_INVALID */
  constructor(state: EdgeState = { size: 0, edge: new Uint8Array() }) {
    const expected = Number.isSafeInteger(state.size) && state.size >= 0 ? ones(state.size) * HASH_BYTES : -1;
    if (state.edge.length !== expected) {
      throw new LogError(
        'EDGE_INVALID',
        `a right edge of ${state.edge.length} bytes cannot belong to size ${state.size}`,
      );
    }
    this.leaves = state.size;
    this.roots = splitHashes(Uint8Array.from(state.edge));
  }

  get size(): number {
    return this.leaves;
  }

  /**
   * Appends one leaf hash, or the root of a perfect subtree of 2^level leaves.
   * @throws LogError EDGE_INVALID when the size is not a multiple of that subtree's
   */
  append(hash: Uint8Array, level = 0): void {
    const width = 2 ** level;
    if (this.leaves % width !== 0) {
      throw new LogError('EDGE_INVALID', `a subtree of ${width} leaves cannot follow leaf ${this.leaves}`);
    }
    let merged = hash;
    for (let before = this.leaves / width; before % 2 === 1; before = (before - 1) / 2) {
      merged = nodeHash(this.roots.pop() as Uint8Array, merged);
    }
    this.roots.push(merged);
    this.leaves += width;
  }

  root(): Uint8Array {
    return (
      this.roots.reduceRight<Uint8Array | undefined>(
        (right, left) => (right === undefined ? left : nodeHash(left, right)),
        undefined,
      ) ?? EMPTY_ROOT
    );
  }

  /** A copy to be stored; `new MerkleEdge(state)` goes on from it. */
  state(): EdgeState {
    return { size: this.leaves, edge: Uint8Array.from(Buffer.concat(this.roots)) };
  }
}

/** Root of a tree with these leaf hashes. */
export function merkleRoot(leafHashes: Iterable<Uint8Array>): Uint8Array {
  const edge = new MerkleEdge();
  for (const hash of leafHashes) edge.append(hash);
  return edge.root();
}

function ones(size: number): number {
  let count = 0;
  for (let rest = size; rest > 0; rest = Math.floor(rest / 2)) count += rest % 2;
  return count;
}
