/**
 * The public log in a folder, under the paths of C2SP tlog-tiles, full bundles packed (packed-bundle.ts). What is read is what
 * the log has: any reader of such logs can read that. One process writes it.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogFiles } from '../../../core/ledger/index.ts';
import { readIfThere, writeWhole } from '../machine/durable-files.ts';
import { isKeptPacked, packBundle, PACKED_SUFFIX, readPacked } from './packed-bundle.ts';

const CHECKPOINT = 'checkpoint';
const PATH = /^(checkpoint|tile(\/[A-Za-z0-9]+(\.p)?)+)$/;

export function createLogFolder(folder: string): LogFiles {
  const at = (path: string): string => join(folder, path);
  const read = readPacked((name) => readIfThere(at(name)));
  return {
    read: async (path) => (PATH.test(path) ? read(path) : undefined),
    write: async (path, bytes) => {
      if (!isKeptPacked(path)) return writeWhole(at(path), bytes);
      await writeWhole(at(`${path}${PACKED_SUFFIX}`), await packBundle(bytes));
      // Dying here leaves the one that an older engine wrote, of the same entries.
      await rm(at(path), { force: true });
    },
    replaceCheckpoint: async (note, before) => {
      const now = await readIfThere(at(CHECKPOINT));
      const isAsBefore = now === undefined || before === undefined ? now === before : Buffer.compare(now, before) === 0;
      if (isAsBefore) await writeWhole(at(CHECKPOINT), note);
      return isAsBefore;
    },
    removePartials: (fullPath) => rm(at(`${fullPath}.p`), { recursive: true, force: true }),
  };
}
