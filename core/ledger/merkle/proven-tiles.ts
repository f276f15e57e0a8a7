/**
 * Hash tiles that a checkpoint's root is known to lead to, each hashed once: a full tile is right when the tile above has its
 * root, the right edge when all of it together has the tree's. What was proved is kept, so an entry costs one comparison.
 */
import { LogError } from './log-errors.ts';
import { MerkleEdge } from './merkle-edge.ts';
import { HASH_BYTES, perfectRoot, splitHashes } from './merkle-hash.ts';
import { TILE_WIDTH, tileWidth } from './tile-path.ts';
import { requireTile, type ReadLogFile } from './tile-reader.ts';

/** 8 KiB each: a chain climbs the log, and touches one tile of level 0 at a time. */
const KEPT_TILES = 256;

export class ProvenTiles {
  private readonly read: ReadLogFile;
  private readonly size: number;
  private readonly root: Uint8Array;
  /** undefined: the root does not lead to it */
  private readonly proven = new Map<string, Promise<Uint8Array | undefined>>();
  private last: { readonly index: number; readonly tile: Uint8Array } | undefined;
  private edge: Promise<readonly Uint8Array[] | undefined> | undefined;

  /** @param root of the tree of this size */
  constructor(read: ReadLogFile, size: number, root: Uint8Array) {
    this.read = read;
    this.size = size;
    this.root = root;
  }

  /** Is this the leaf at that index of the tree? @throws LogError TILE_MISSING | TILE_MALFORMED */
  async has(hash: Uint8Array, leafIndex: number): Promise<boolean> {
    if (leafIndex < 0 || leafIndex >= this.size) return false;
    const index = Math.floor(leafIndex / TILE_WIDTH);
    const tile = await this.tile(0, index);
    if (tile === undefined) return false;
    this.last = { index, tile };
    return this.isInLast(hash, leafIndex);
  }

  /** The same where the tile is the one asked about before, as along a chain it mostly is. True: it is; false: ask `has`. */
  isInLast(hash: Uint8Array, leafIndex: number): boolean {
    const { last } = this;
    if (last?.index !== Math.floor(leafIndex / TILE_WIDTH)) return false;
    return Buffer.compare(hashIn(last.tile, leafIndex % TILE_WIDTH), hash) === 0;
  }

  private tile(level: number, index: number): Promise<Uint8Array | undefined> {
    const name = `${level}/${index}`;
    const known = this.proven.get(name);
    const found = known ?? this.prove(level, index);
    if (known === undefined) found.catch(() => this.proven.delete(name));
    // What was asked for last is forgotten last: those above are asked for again and again.
    this.proven.delete(name);
    this.proven.set(name, found);
    if (this.proven.size > KEPT_TILES) this.proven.delete(this.proven.keys().next().value as string);
    return found;
  }

  private async prove(level: number, index: number): Promise<Uint8Array | undefined> {
    const width = tileWidth(level, index, this.size);
    if (width < TILE_WIDTH) return (await (this.edge ??= this.proveEdge()))?.[level];
    // The tile above is proved first: a path through the log that leads nowhere is not read to its end.
    const above = await this.tile(level + 1, Math.floor(index / TILE_WIDTH));
    if (above === undefined) return undefined;
    const tile = await requireTile(this.read, { level, index, width });
    return Buffer.compare(perfectRoot(tile), hashIn(above, index % TILE_WIDTH)) === 0 ? tile : undefined;
  }

  /** The partial tile of each level (empty where there is none): the root covers every hash in them. */
  private async proveEdge(): Promise<readonly Uint8Array[] | undefined> {
    const tiles: Uint8Array[] = [];
    for (let level = 0; TILE_WIDTH ** level <= this.size; level += 1) {
      const hashes = Math.floor(this.size / TILE_WIDTH ** level);
      const width = hashes % TILE_WIDTH;
      const index = Math.floor(hashes / TILE_WIDTH);
      tiles.push(width === 0 ? new Uint8Array() : await requireTile(this.read, { level, index, width }));
    }
    const root = rootOf(this.size, tiles);
    return Buffer.compare(root, this.root) === 0 ? tiles : undefined;
  }
}

function rootOf(size: number, tiles: readonly Uint8Array[]): Uint8Array {
  const edge = new MerkleEdge();
  for (const [level, tile] of [...tiles.entries()].reverse())
    for (const hash of splitHashes(tile)) edge.append(hash, level * Math.log2(TILE_WIDTH));
  if (edge.size === size) return edge.root();
  throw new LogError('TILE_MALFORMED', `the right edge of the log has ${edge.size} leaves, not ${size}`);
}

function hashIn(tile: Uint8Array, at: number): Uint8Array {
  return tile.subarray(at * HASH_BYTES, (at + 1) * HASH_BYTES);
}
