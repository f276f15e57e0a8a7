/**
 * The public log in a folder, under the paths of C2SP tlog-tiles: any web server can serve it, any reader of such logs can
 * read it. One process writes it.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { LogFiles } from '../../../core/ledger/index.ts';
import { readIfThere, writeWhole } from '../machine/durable-files.ts';

const CHECKPOINT = 'checkpoint';
const PATH = /^(checkpoint|tile(\/[A-Za-z0-9]+(\.p)?)+)$/;

export function createLogFolder(folder: string): LogFiles {
  const at = (path: string): string => join(folder, path);
  return {
    read: async (path) => (PATH.test(path) ? readIfThere(at(path)) : undefined),
    write: (path, bytes) => writeWhole(at(path), bytes),
    replaceCheckpoint: async (note, before) => {
      const now = await readIfThere(at(CHECKPOINT));
      const isAsBefore = now === undefined || before === undefined ? now === before : Buffer.compare(now, before) === 0;
      if (isAsBefore) await writeWhole(at(CHECKPOINT), note);
      return isAsBefore;
    },
    removePartials: (fullPath) => rm(at(`${fullPath}.p`), { recursive: true, force: true }),
  };
}
