/**
 * Reads tiles and bundles where they may have become full since the tree had the size one asks about, and answers for the
 * hashes in them. It checks lengths, not hashes: what it reads is as good as where it was read.
 */
import { LogError } from './log-errors.ts';
import { HASH_BYTES, perfectRoot } from './merkle-hash.ts';
import type { HashReader, TreeNode } from './merkle-prove.ts';
import { decodeBundle } from './tile-bundle.ts';
import { bundlePath, TILE_HEIGHT, TILE_WIDTH, tilePath, tileWidth } from './tile-path.ts';

/** One file of a log by its path, whole; undefined when there is none. Rejects when that cannot be known. */
export type ReadLogFile = (path: string) => Promise<Uint8Array | undefined>;

/** Tiles kept in memory by one hash reader; a proof touches two on each of at most seven levels. */
const CACHED_TILES = 64;

export interface TilePlace {
  readonly level: number;
  readonly index: number;
  /** hashes wanted, 1 to 256 */
  readonly width: number;
}

/** Hashes for proofs about the tree of this size. It rejects with LogError TILE_MISSING or TILE_MALFORMED. */
export function tileHashReader(read: ReadLogFile, treeSize: number): HashReader {
  const cache = new Map<string, Promise<Uint8Array>>();
  const tileOf = ({ level, index }: TreeNode): Promise<Uint8Array> => {
    const place = { level, index, width: tileWidth(level, index, treeSize) };
    const path = tilePath(level, index, place.width);
    const known = cache.get(path);
    if (known !== undefined) return known;
    if (cache.size >= CACHED_TILES) cache.clear();
    const found = requireTile(read, place);
    cache.set(path, found);
    found.catch(() => cache.delete(path));
    return found;
  };
  return (nodes) => Promise.all(nodes.map((node) => hashInTile(node, tileOf)));
}

/** @throws LogError TILE_MISSING or TILE_MALFORMED */
export async function requireTile(read: ReadLogFile, place: TilePlace): Promise<Uint8Array> {
  const tile = place.width > 0 ? await readTile(read, place) : undefined;
  if (tile !== undefined) return tile;
  throw new LogError('TILE_MISSING', `${tilePath(place.level, place.index, place.width)} is missing`);
}

/**
 * The first `width` hashes of a tile. A log may delete a partial tile once it has the full one, so that is looked for next.
 * @throws LogError TILE_MALFORMED
 */
export async function readTile(read: ReadLogFile, { level, index, width }: TilePlace): Promise<Uint8Array | undefined> {
  const path = tilePath(level, index, width);
  const exact = await read(path);
  if (exact !== undefined) return requireLength(path, exact, width);
  if (width === TILE_WIDTH) return undefined;
  const fullPath = tilePath(level, index);
  const full = await read(fullPath);
  return full === undefined ? undefined : requireLength(fullPath, full, TILE_WIDTH).subarray(0, width * HASH_BYTES);
}

/** A bundle that holds at least what a tree promises, if there is one: of `width` entries, or the full one. */
export async function readBundle(
  read: ReadLogFile,
  index: number,
  width: number,
): Promise<{ readonly path: string; readonly bytes: Uint8Array; readonly width: number } | undefined> {
  for (const held of new Set([width, TILE_WIDTH])) {
    const path = bundlePath(index, held);
    const bytes = await read(path);
    if (bytes !== undefined) return { path, bytes, width: held };
  }
  return undefined;
}

/** The bytes of a bundle's first `width` entries. @throws LogError TILE_MISSING or TILE_MALFORMED */
export async function requireBundle(read: ReadLogFile, index: number, width: number): Promise<Uint8Array> {
  const found = await readBundle(read, index, width);
  if (found === undefined) throw new LogError('TILE_MISSING', `${bundlePath(index, width)} is missing`);
  const end = decodeBundle(found.bytes, width).ends[width - 1];
  if (end !== undefined) return found.bytes.subarray(0, end);
  throw new LogError('TILE_MALFORMED', `${found.path} does not have ${width} entries`);
}

/** A node above the leaves of its tile is the root of a segment of them. */
async function hashInTile(node: TreeNode, tileOf: (tile: TreeNode) => Promise<Uint8Array>): Promise<Uint8Array> {
  const level = Math.floor(node.level / TILE_HEIGHT);
  const width = 2 ** (node.level % TILE_HEIGHT);
  const first = node.index * width;
  const index = Math.floor(first / TILE_WIDTH);
  const tile = await tileOf({ level, index });
  const start = (first - index * TILE_WIDTH) * HASH_BYTES;
  const hashes = tile.subarray(start, start + width * HASH_BYTES);
  if (hashes.length === width * HASH_BYTES) return perfectRoot(hashes);
  throw new LogError('PROOF_IMPOSSIBLE', `the tree has no perfect subtree ${node.index} of level ${node.level}`);
}

function requireLength(path: string, tile: Uint8Array, width: number): Uint8Array {
  if (tile.length === width * HASH_BYTES) return tile;
  throw new LogError('TILE_MALFORMED', `${path} has ${tile.length} bytes, not ${width * HASH_BYTES}`);
}
