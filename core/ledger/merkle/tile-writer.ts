/**
 * Which files a log needs when it grows, and their bytes. Pure and deterministic: the same growth gives the same files, so
 * a process that died in the middle writes them again. It neither writes nor signs; a checkpoint may be published only when
 * all files given here are durable.
 */
import { HASH_BYTES, perfectRoot } from './merkle-hash.ts';
import { encodeBundle } from './tile-bundle.ts';
import { bundlePath, TILE_WIDTH, tilePath } from './tile-path.ts';
import { requireBundle, requireTile, type ReadLogFile } from './tile-reader.ts';

export interface LogFile {
  readonly path: string;
  readonly bytes: Uint8Array;
}

export interface LogGrowth {
  /** leaves the log has, all of whose files are there */
  readonly size: number;
  /** what follows; `hash` is the leaf hash, for an entry of ours SHA-256(0x00 || note) */
  readonly entries: readonly { readonly note: Uint8Array; readonly hash: Uint8Array }[];
  /** reads the partial tiles and the partial bundle that end at `size` */
  readonly read: ReadLogFile;
}

/**
 * Every bundle and tile that is new at the new size: the full ones, and on each level that grew the partial one at its end.
 * @throws LogError TILE_MISSING or TILE_MALFORMED when what should end at `size` does not
 */
export async function* growLog({ size, entries, read }: LogGrowth): AsyncGenerator<LogFile> {
  yield* grownBundles({ size, entries, read });
  let hashes: readonly Uint8Array[] = entries.map(({ hash }) => hash);
  for (let level = 0, before = size; hashes.length > 0; level += 1, before = Math.floor(before / TILE_WIDTH)) {
    hashes = yield* grownTiles({ level, before, hashes, read });
  }
}

async function* grownBundles({ size, entries, read }: LogGrowth): AsyncGenerator<LogFile> {
  let index = Math.floor(size / TILE_WIDTH);
  let held = size % TILE_WIDTH;
  for (let from = 0; from < entries.length; index += 1) {
    const added = entries.slice(from, from + TILE_WIDTH - held).map(({ note }) => note);
    const before = held === 0 ? [] : [await requireBundle(read, index, held)];
    yield { path: bundlePath(index, held + added.length), bytes: Buffer.concat([...before, encodeBundle(added)]) };
    from += added.length;
    held = 0;
  }
}

/** @returns the hashes that the level above gets: one for each tile that became full */
async function* grownTiles(growth: {
  readonly level: number;
  readonly before: number;
  readonly hashes: readonly Uint8Array[];
  readonly read: ReadLogFile;
}): AsyncGenerator<LogFile, readonly Uint8Array[]> {
  const { level, before, hashes, read } = growth;
  const roots: Uint8Array[] = [];
  let index = Math.floor(before / TILE_WIDTH);
  let held = before % TILE_WIDTH;
  for (let from = 0; from < hashes.length; index += 1) {
    const added = hashes.slice(from, from + TILE_WIDTH - held);
    const known = held === 0 ? [] : [await requireTile(read, { level, index, width: held })];
    const bytes = Buffer.concat([...known, ...added]);
    yield { path: tilePath(level, index, bytes.length / HASH_BYTES), bytes };
    if (held + added.length === TILE_WIDTH) roots.push(perfectRoot(bytes));
    from += added.length;
    held = 0;
  }
  return roots;
}
