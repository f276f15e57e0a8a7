/**
 * Copies the log of one checkpoint out of its folder: exactly the files that a tree of this size has, whatever the log has
 * become meanwhile. Nothing is interpreted; that they are right is for whoever verifies the copy.
 */
import { mkdir, open, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createHash } from 'node:crypto';
import {
  bundlePath,
  requireBundle,
  requireTile,
  TILE_WIDTH,
  tilePath,
  tileWidth,
  type ReadLogFile,
} from '../../../core/ledger/index.ts';
import { syncPath, toDisk } from '../machine/durable-files.ts';

/** Files under way at a time: hides the wait for the disk. */
const AT_ONCE = 32;

export interface WrittenFile {
  /** relative to the export */
  readonly path: string;
  readonly bytes: number;
  /** hex SHA-256 */
  readonly sum: string;
}

interface Copy {
  readonly path: string;
  readonly read: () => Promise<Uint8Array>;
}

/** @throws LogError TILE_MISSING | TILE_MALFORMED */
export async function* copyLog(
  read: ReadLogFile,
  size: number,
  to: { readonly folder: string; readonly prefix: string },
): AsyncGenerator<WrittenFile> {
  const made = new Set<string>();
  const underWay: Promise<WrittenFile>[] = [];
  for (const copy of filesOf(read, size)) {
    const written = copy.read().then((bytes) => writeNew(to.folder, `${to.prefix}/${copy.path}`, bytes, made));
    written.catch(() => undefined); // whoever waits for it hears of it
    underWay.push(written);
    if (underWay.length >= AT_ONCE) yield await (underWay.shift() as Promise<WrittenFile>);
  }
  for (const written of underWay) yield await written;
  // The names of the files are in their folders: durable when those are.
  for (const folder of made) await syncPath(folder);
}

/** Durable but for its name, which its folder has: that is synced by whoever asks for `made`. */
export async function writeNew(
  folder: string,
  path: string,
  bytes: Uint8Array,
  made: Set<string> = new Set(),
): Promise<WrittenFile> {
  const at = join(folder, path);
  const parent = dirname(at);
  if (!made.has(parent)) {
    await mkdir(parent, { recursive: true });
    made.add(parent);
  }
  const file = await open(at, 'wx');
  try {
    await file.writeFile(bytes);
    await toDisk(file);
  } finally {
    await file.close();
  }
  return { path, bytes: bytes.length, sum: createHash('sha256').update(bytes).digest('hex') };
}

/** Every folder below. */
export async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true }))
    if (entry.isDirectory()) await syncTree(join(folder, entry.name));
  await syncPath(folder);
}

function* filesOf(read: ReadLogFile, size: number): Generator<Copy> {
  for (let index = 0; index * TILE_WIDTH < size; index += 1) {
    const width = tileWidth(0, index, size);
    yield { path: bundlePath(index, width), read: () => requireBundle(read, index, width) };
  }
  for (let level = 0; TILE_WIDTH ** level <= size; level += 1) {
    for (let index = 0; ; index += 1) {
      const width = tileWidth(level, index, size);
      if (width === 0) break;
      yield { path: tilePath(level, index, width), read: () => requireTile(read, { level, index, width }) };
    }
  }
}
