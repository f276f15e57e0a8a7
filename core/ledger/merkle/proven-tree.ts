/**
 * What is known of a small tree whose root is proven: the nodes on paths that led there. Of another leaf's path only what is new is
 * hashed, and what is known is compared. It accepts no path that does not lead to the root. RFC 6962, at most 16 leaves.
 */
import { HASH_BYTES, nodeHash } from './merkle-hash.ts';

/** Where each level begins: 16 leaves, 8 nodes above them, 4, 2, 1. */
const LEVELS = [0, 16, 24, 28, 30] as const;
const NODES = 31;

export class ProvenTree {
  private readonly last: number;
  /** side by side, level by level */
  private readonly hashes = new Uint8Array(NODES * HASH_BYTES);
  private readonly known = new Uint8Array(NODES);

  /** @param size 2–16 leaves */
  constructor(size: number, root: Uint8Array) {
    this.last = size - 1;
    this.learn(LEVELS[32 - Math.clz32(this.last)] as number, root);
  }

  /** Does this path lead from the leaf to the root? @param index below the size */
  leads(leaf: Uint8Array, index: number, path: readonly Uint8Array[]): boolean {
    const nodes: number[] = [];
    const hashes: Uint8Array[] = [];
    // undefined: a node was met that is known, and what stands beside its way up is known, too
    let hash: Uint8Array | undefined = leaf;
    let next = 0;
    for (let [level, at, last] = [0, index, this.last]; ; level += 1, at >>= 1, last >>= 1) {
      const begin = LEVELS[level] as number;
      if (hash !== undefined && this.known[begin + at] === 1) {
        if (!this.is(begin + at, hash)) return false;
        hash = undefined;
      }
      if (hash !== undefined) hashes[nodes.push(begin + at) - 1] = hash;
      if (last === 0) break;
      const isRight = at % 2 === 1;
      if (!isRight && at === last) continue; // without a sibling it rises as it is
      const sibling = path[next++];
      if (sibling === undefined) return false;
      const beside = begin + (isRight ? at - 1 : at + 1);
      if (hash === undefined) {
        if (this.known[beside] !== 1 || !this.is(beside, sibling)) return false;
      } else {
        hashes[nodes.push(beside) - 1] = sibling;
        hash = isRight ? nodeHash(sibling, hash) : nodeHash(hash, sibling);
      }
    }
    // The way up ended at the root at the latest, which is known.
    if (next !== path.length) return false;
    for (const [i, node] of nodes.entries()) this.learn(node, hashes[i] as Uint8Array);
    return true;
  }

  private is(node: number, hash: Uint8Array): boolean {
    for (let i = 0, at = node * HASH_BYTES; i < HASH_BYTES; i += 1, at += 1)
      if (this.hashes[at] !== hash[i]) return false;
    return true;
  }

  private learn(node: number, hash: Uint8Array): void {
    this.hashes.set(hash, node * HASH_BYTES);
    this.known[node] = 1;
  }
}
