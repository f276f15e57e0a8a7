/**
 * Is a stored entry in the log that a checkpoint was signed for, and does the log have more of its chain? The published tiles
 * show it, so a damaged tile is a finding as well. It reads what it needs, not the log, and hashes each tile once.
 */
import { leafHash } from '../../canonical/index.ts';
import { parseEntry } from '../entries/entry.ts';
import { LogError } from '../merkle/log-errors.ts';
import { MerkleEdge } from '../merkle/merkle-edge.ts';
import type { HashReader } from '../merkle/merkle-prove.ts';
import type { StoredEntry } from '../entries/ports.ts';
import { ProvenTiles } from '../merkle/proven-tiles.ts';
import { decodeBundle } from '../merkle/tile-bundle.ts';
import { TILE_WIDTH, tileWidth } from '../merkle/tile-path.ts';
import { readBundle, tileHashReader, type ReadLogFile } from '../merkle/tile-reader.ts';
import { logFinding, type Finding } from '../entries/verification.ts';
import { findingAt } from './verify-entry.ts';
import { perfectSubtrees } from './verify-tree.ts';

export class LogMembership {
  private readonly read: ReadLogFile;
  private readonly size: number;
  private readonly hashes: HashReader;
  private readonly tiles: ProvenTiles;

  /** @param root of the checkpoint of this size */
  constructor(read: ReadLogFile, size: number, root: Uint8Array) {
    this.read = read;
    this.size = size;
    this.hashes = tileHashReader(read, size);
    this.tiles = new ProvenTiles(read, size, root);
  }

  covers({ position }: Pick<StoredEntry, 'position'>): boolean {
    return position !== undefined && position < this.size;
  }

  /** undefined also for an entry that the checkpoint does not cover */
  check(entry: StoredEntry): Finding | undefined | Promise<Finding | undefined> {
    const { hash, position } = entry;
    if (position === undefined || position >= this.size || this.tiles.isInLast(hash, position)) return undefined;
    return this.lookUp(entry, position);
  }

  private async lookUp(entry: StoredEntry, position: number): Promise<Finding | undefined> {
    const isThere = await this.hasOrReason(entry.hash, position);
    if (typeof isThere === 'string')
      return findingAt(entry, 'UNREADABLE', `its inclusion in the log cannot be shown: ${isThere}`);
    if (isThere) return undefined;
    return findingAt(entry, 'CONTENT_MISMATCH', `the log of size ${this.size} has another entry at index ${position}`);
  }

  /** Or why the tiles cannot tell. */
  private async hasOrReason(hash: Uint8Array, position: number): Promise<boolean | string> {
    try {
      return await this.tiles.has(hash, position);
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      return error.message;
    }
  }

  /** The roots that the tiles give for these sizes, as far as the log reaches. @throws LogError */
  async rootsAt(sizes: readonly number[]): Promise<ReadonlyMap<number, Uint8Array>> {
    const roots = new Map<number, Uint8Array>();
    for (const size of sizes) {
      if (size > this.size) continue;
      const edge = Buffer.concat(size === 0 ? [] : await this.hashes(perfectSubtrees(0, size)));
      roots.set(size, new MerkleEdge({ size, edge }).root());
    }
    return roots;
  }

  /**
   * Looks through the published entries after a chain's head for more of that chain.
   * @param limit bundles to be read
   */
  async findAfter(
    head: { readonly chain: string; readonly seq: number; readonly position: number },
    limit: number,
  ): Promise<{ readonly searchedTo: number; readonly finding?: Finding }> {
    const needle = Buffer.from(`"entity":${JSON.stringify(head.chain)}`);
    const first = Math.floor((head.position + 1) / TILE_WIDTH);
    const last = Math.min(Math.ceil(this.size / TILE_WIDTH), first + limit);
    for (let index = first; index < last; index += 1) {
      const width = tileWidth(0, index, this.size);
      const bundle = await readBundle(this.read, index, width);
      if (bundle === undefined)
        return { searchedTo: index * TILE_WIDTH, finding: logFinding('UNREADABLE', `bundle ${index} is missing`) };
      if (!Buffer.from(bundle.bytes.buffer, bundle.bytes.byteOffset, bundle.bytes.length).includes(needle)) continue;
      const finding = await this.findIn(decodeBundle(bundle.bytes, width).entries, index * TILE_WIDTH, head);
      if (finding !== undefined) return { searchedTo: index * TILE_WIDTH, finding };
    }
    return { searchedTo: Math.min(this.size, last * TILE_WIDTH) };
  }

  private async findIn(
    entries: readonly Uint8Array[],
    from: number,
    head: { readonly chain: string; readonly seq: number },
  ): Promise<Finding | undefined> {
    for (const [i, note] of entries.entries()) {
      const parsed = parseEntry(note);
      if (parsed.kind !== 'entry' || parsed.body.entity !== head.chain || parsed.body.seq <= head.seq) continue;
      const position = from + i;
      // A bundle that was made up is no witness; the log's tiles are.
      const isThere = await this.hasOrReason(leafHash(note), position);
      if (typeof isThere === 'string') return logFinding('UNREADABLE', `the log's tiles: ${isThere}`);
      if (!isThere) continue;
      const lost = { chain: head.chain, seq: head.seq + 1, ...(parsed.body.seq === head.seq + 1 ? { position } : {}) };
      return findingAt(lost, 'MISSING_ENTRY', `the chain ends at #${head.seq}, the log has #${parsed.body.seq}`);
    }
    return undefined;
  }
}
