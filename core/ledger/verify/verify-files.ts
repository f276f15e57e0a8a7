/**
 * The published files of the log against the entries as they are stored: hash tiles on every level and entry bundles, byte
 * for byte. It says which entry differs, or is missing, and does not know which side was signed. All input is untrusted.
 */
import { leafHash, toHex } from '../../canonical/index.ts';
import { parseEntry } from '../entries/entry.ts';
import { LogError } from '../merkle/log-errors.ts';
import { HASH_BYTES } from '../merkle/merkle-hash.ts';
import type { LoggedEntry, StoredEntry } from '../entries/ports.ts';
import { bundleExcess, decodeBundle } from '../merkle/tile-bundle.ts';
import { bundlePath, TILE_WIDTH, tilePath, tileWidth } from '../merkle/tile-path.ts';
import { readBundle, readTile, type ReadLogFile } from '../merkle/tile-reader.ts';
import { logFinding, type Finding } from '../entries/verification.ts';
import { findingAt } from './verify-entry.ts';
import { levelAbove } from './verify-tree.ts';

export interface FilesToCheck {
  readonly read: ReadLogFile;
  /** how many entries were published: files beyond are nobody's promise */
  readonly size: number;
  /** the stored entry at a place of a chain */
  readonly find: (chain: string, seq: number) => Promise<StoredEntry | undefined>;
  /** files that are missing or unreadable are passed over */
  readonly isLenient?: boolean;
}

/** Checks the entries of one tile (fewer at the end of the log) against their hash tile and their bundle. */
export async function checkTile(
  files: FilesToCheck,
  index: number,
  entries: readonly LoggedEntry[],
): Promise<Finding | undefined> {
  const finding = await compareTile(files, index, entries);
  return finding?.verdict === 'UNREADABLE' && files.isLenient === true ? undefined : finding;
}

async function compareTile(
  { read, size, find }: FilesToCheck,
  index: number,
  entries: readonly LoggedEntry[],
): Promise<Finding | undefined> {
  const width = Math.min(tileWidth(0, index, size), entries.length);
  if (width === 0) return undefined;
  const place = { level: 0, index, width: tileWidth(0, index, size) };
  const [tile, bundle] = await Promise.all([tileOrReason(read, place), readBundle(read, index, place.width)]);
  const promised = bundle === undefined ? undefined : decodeBundle(bundle.bytes);
  for (let i = 0; i < width; i += 1) {
    const entry = entries[i] as LoggedEntry;
    const published = promised?.entries[i];
    const inTile = tile instanceof Uint8Array ? tile.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES) : undefined;
    const isInTile = inTile !== undefined && isSame(inTile, entry.hash);
    if (isInTile && published !== undefined && isSame(published, entry.note)) continue;
    if (inTile !== undefined && !isInTile) return otherEntry({ entry, inTile, published, place, find });
    if (inTile === undefined) return fileFinding(entry, 'UNREADABLE', tilePath(0, index, place.width), String(tile));
    if (bundle === undefined || promised === undefined)
      return fileFinding(entry, 'UNREADABLE', bundlePath(index, place.width), 'the bundle is missing');
    if (published === undefined)
      return fileFinding(entry, 'UNREADABLE', bundle.path, promised.malformed ?? `has only ${i} entries`);
    return fileFinding(entry, 'CONTENT_MISMATCH', bundle.path, 'the published copy has other bytes than the entry');
  }
  if (promised === undefined || bundle === undefined) return undefined;
  const excess = bundleExcess(promised, bundle.width);
  return excess === undefined
    ? undefined
    : fileFinding(entries[width - 1] as LoggedEntry, 'UNREADABLE', bundle.path, excess);
}

/** The hash tiles above level 0. @param tileRoots of all full tiles from the first on */
export async function checkUpperTiles(
  { read, size }: Pick<FilesToCheck, 'read' | 'size'>,
  tileRoots: Uint8Array,
): Promise<Finding | undefined> {
  let hashes = tileRoots;
  for (let level = 1; ; level += 1, hashes = levelAbove(hashes)) {
    const count = Math.min(Math.floor(size / TILE_WIDTH ** level), hashes.length / HASH_BYTES);
    if (count === 0) return undefined;
    for (let index = 0; index * TILE_WIDTH < count; index += 1) {
      const width = tileWidth(level, index, size);
      const tile = await tileOrReason(read, { level, index, width });
      const path = tilePath(level, index, width);
      if (!(tile instanceof Uint8Array)) return logFinding('UNREADABLE', tile, { path });
      const start = index * TILE_WIDTH;
      const computed = hashes.subarray(start * HASH_BYTES, Math.min(start + width, count) * HASH_BYTES);
      if (isSame(tile.subarray(0, computed.length), computed)) continue;
      return logFinding('CONTENT_MISMATCH', 'the tile does not have the hashes that the tiles below lead to', { path });
    }
  }
}

/** The entry that the published bundles have at a log index, for a store that has none there any more. */
export async function publishedEntry(
  read: ReadLogFile,
  position: number,
  sizes: readonly number[],
): Promise<{ readonly chain: string; readonly seq: number; readonly position: number } | undefined> {
  const index = Math.floor(position / TILE_WIDTH);
  for (const width of new Set(sizes.map((size) => tileWidth(0, index, size)))) {
    if (width <= position % TILE_WIDTH) continue;
    const bundle = await readBundle(read, index, width);
    const note = bundle && decodeBundle(bundle.bytes, width).entries[position % TILE_WIDTH];
    const parsed = note && parseEntry(note);
    if (parsed?.kind === 'entry') return { chain: parsed.body.entity, seq: parsed.body.seq, position };
  }
  return undefined;
}

/** The tile has another hash than the stored entry: what was published there, and where is that now? */
async function otherEntry(found: {
  readonly entry: LoggedEntry;
  readonly inTile: Uint8Array;
  readonly published: Uint8Array | undefined;
  readonly place: { readonly index: number; readonly width: number };
  readonly find: FilesToCheck['find'];
}): Promise<Finding> {
  const { entry, inTile, published, place, find } = found;
  const path = tilePath(0, place.index, place.width);
  const expected = `the log has ${toHex(inTile)} at this index, the entry hashes to ${toHex(entry.hash)}`;
  if (published === undefined || !isSame(leafHash(published), inTile))
    return fileFinding(entry, 'CONTENT_MISMATCH', path, expected);
  const parsed = parseEntry(published);
  if (parsed.kind === 'unreadable') return fileFinding(entry, 'CONTENT_MISMATCH', path, expected);
  const { entity, seq } = parsed.body;
  if (entity === entry.chain && seq === entry.seq) return findingAt(entry, 'CONTENT_MISMATCH', expected);
  const moved = await find(entity, seq);
  const what = `"${entity}" #${seq} was published at this index, stored here is "${entry.chain}" #${entry.seq}`;
  if (moved !== undefined && isSame(moved.hash, inTile)) return findingAt(entry, 'LINK_BROKEN', what);
  const lost = { chain: entity, seq, position: entry.position };
  return moved === undefined
    ? findingAt(lost, 'MISSING_ENTRY', what)
    : findingAt(lost, 'CONTENT_MISMATCH', `${what}; what is stored as "${entity}" #${seq} has another hash`);
}

async function tileOrReason(
  read: ReadLogFile,
  place: { readonly level: number; readonly index: number; readonly width: number },
): Promise<Uint8Array | string> {
  try {
    return (await readTile(read, place)) ?? 'the tile is missing';
  } catch (error) {
    if (error instanceof LogError) return error.message;
    throw error;
  }
}

function fileFinding(entry: LoggedEntry, verdict: Finding['verdict'], path: string, detail: string): Finding {
  return { ...findingAt(entry, verdict, detail), path };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
