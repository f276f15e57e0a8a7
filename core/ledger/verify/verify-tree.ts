/**
 * The Merkle tree of what is being verified. A segment leaves one hash for every 256 entries and the right edge at each size
 * that is asked for; joined in order they give the root at every one of those sizes, in memory that hardly grows.
 */
import { MerkleEdge } from '../merkle/merkle-edge.ts';
import { HASH_BYTES, perfectRoot } from '../merkle/merkle-hash.ts';
import type { TreeNode } from '../merkle/merkle-prove.ts';
import { TILE_HEIGHT, TILE_WIDTH } from '../merkle/tile-path.ts';

export interface SegmentHashes {
  /** log index of the first entry; a multiple of 256 */
  readonly from: number;
  /** one past the last */
  readonly to: number;
  /** roots of the full tiles, 32 bytes each */
  readonly tileRoots: Uint8Array;
  /** for sizes asked for inside a tile, and for the end: the right edge within that tile; ascending */
  readonly ends: readonly { readonly size: number; readonly edge: Uint8Array }[];
}

export class SegmentHashesBuilder {
  private readonly from: number;
  private readonly asked: ReadonlySet<number>;
  private size: number;
  private tile = new MerkleEdge();
  private readonly tileRoots: Uint8Array[] = [];
  private readonly ends: { size: number; edge: Uint8Array }[] = [];

  /** @param from a multiple of 256 */
  constructor(from: number, sizes: Iterable<number>) {
    this.from = from;
    this.size = from;
    this.asked = new Set(sizes);
  }

  append(hash: Uint8Array): void {
    this.tile.append(hash);
    this.size += 1;
    if (this.tile.size === TILE_WIDTH) {
      // A copy: the hash itself is a part of a larger buffer, which would be kept with it.
      this.tileRoots.push(Uint8Array.from(this.tile.root()));
      this.tile = new MerkleEdge();
    } else if (this.asked.has(this.size)) this.ends.push({ size: this.size, edge: this.tile.state().edge });
  }

  built(): SegmentHashes {
    const { from, size, tileRoots, tile } = this;
    const ends = [...this.ends];
    if (tile.size > 0 && ends.at(-1)?.size !== size) ends.push({ size, edge: tile.state().edge });
    return { from, to: size, tileRoots: Uint8Array.from(Buffer.concat(tileRoots)), ends };
  }
}

/**
 * @param base the tree before the first segment
 * @returns the roots at those of `sizes` that the segments reach, and the whole tree
 */
export function rootsAt(
  base: MerkleEdge,
  trees: readonly SegmentHashes[],
  sizes: Iterable<number>,
): { readonly roots: ReadonlyMap<number, Uint8Array>; readonly end: MerkleEdge } {
  const asked = new Set(sizes);
  const roots = new Map<number, Uint8Array>();
  let end: MerkleEdge | undefined;
  const edge = new MerkleEdge(base.state());
  if (asked.has(edge.size)) roots.set(edge.size, edge.root());
  for (const { tileRoots, ends } of trees) {
    const waiting = [...ends];
    const takeEnds = (): void => {
      while (waiting[0] !== undefined && waiting[0].size < edge.size + TILE_WIDTH) {
        const { size, edge: part } = waiting.shift() as SegmentHashes['ends'][number];
        const whole = withEnd(edge, size, part);
        if (asked.has(size)) roots.set(size, whole.root());
        end = whole;
      }
    };
    for (let at = 0; at < tileRoots.length; at += HASH_BYTES) {
      takeEnds();
      edge.append(tileRoots.subarray(at, at + HASH_BYTES), TILE_HEIGHT);
      if (asked.has(edge.size)) roots.set(edge.size, edge.root());
    }
    takeEnds();
  }
  return { roots, end: end !== undefined && end.size > edge.size ? end : edge };
}

/** The hashes of the full tiles one level up: one for each 256 of these. */
export function levelAbove(hashes: Uint8Array): Uint8Array {
  const width = TILE_WIDTH * HASH_BYTES;
  const roots: Uint8Array[] = [];
  for (let at = 0; at + width <= hashes.length; at += width) roots.push(perfectRoot(hashes.subarray(at, at + width)));
  return Buffer.concat(roots);
}

/** The perfect subtrees that leaves from..to fall into, in order; each begins at a multiple of its width. */
export function perfectSubtrees(from: number, to: number): TreeNode[] {
  const nodes: TreeNode[] = [];
  while (from < to) {
    let level = 0;
    while (from % 2 ** (level + 1) === 0 && 2 ** (level + 1) <= to - from) level += 1;
    nodes.push({ level, index: from / 2 ** level });
    from += 2 ** level;
  }
  return nodes;
}

function withEnd(edge: MerkleEdge, size: number, end: Uint8Array): MerkleEdge {
  const whole = new MerkleEdge(edge.state());
  for (let level = TILE_HEIGHT - 1, at = 0; level >= 0; level -= 1) {
    if (Math.floor(size / 2 ** level) % 2 === 0) continue;
    whole.append(end.subarray(at, at + HASH_BYTES), level);
    at += HASH_BYTES;
  }
  return whole;
}
