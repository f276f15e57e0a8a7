/** Files that are there whole or not at all after a crash, without blocking the thread. */
import { constants, fsync } from 'node:fs';
import { link, mkdir, open, rename, rm, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

/** Opening a pipe would otherwise wait for somebody to write into it. */
export const WITHOUT_WAITING = constants.O_RDONLY | constants.O_NONBLOCK;

let written = 0;

/** After a crash the path holds the old content or the new, never a part. */
export async function writeWhole(path: string, bytes: Uint8Array): Promise<void> {
  const beside = await writeBeside(path, bytes, 0o644);
  await rename(beside, path);
  await syncPath(dirname(path));
}

/** False: the path is taken, and what it holds stays as it is. */
export async function writeOnce(path: string, bytes: Uint8Array): Promise<boolean> {
  const beside = await writeBeside(path, bytes, 0o444);
  try {
    await link(beside, path); // unlike renaming, this never replaces
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  } finally {
    await rm(beside, { force: true });
  }
  await syncPath(dirname(path));
  return true;
}

/** A pipe under the name holds nothing: whoever waits for one to speak waits for ever. */
export async function readIfThere(path: string): Promise<Uint8Array | undefined> {
  try {
    const file = await open(path, WITHOUT_WAITING);
    try {
      if ((await file.stat()).isFile()) return await file.readFile();
      return (await file.stat()).isDirectory() ? undefined : Buffer.of();
    } finally {
      await file.close();
    }
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR') || isCode(error, 'EISDIR')) return undefined;
    throw error;
  }
}

async function writeBeside(path: string, bytes: Uint8Array, mode: number): Promise<string> {
  const folder = dirname(path);
  await makeFolder(folder);
  written += 1;
  const beside = join(folder, `.${process.pid}-${written}.new`);
  const file = await open(beside, 'w', mode);
  try {
    await file.writeFile(bytes);
    await toDisk(file);
  } finally {
    await file.close();
  }
  return beside;
}

/** The new folder's name is in its parent, so that is synced too. */
async function makeFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true });
  if (first === undefined) return;
  for (let made = folder; made.length >= first.length; made = dirname(made)) await syncPath(dirname(made));
}

/** A file, or the names in a folder. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await toDisk(handle);
  } finally {
    await handle.close();
  }
}

/** By its descriptor: where yarn's Plug'n'Play stands in front of the file system, a handle has no `sync`. */
export function toDisk({ fd }: FileHandle): Promise<void> {
  return promisify(fsync)(fd);
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
