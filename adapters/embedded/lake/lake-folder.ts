/** A lake in a folder: files are there whole or not at all, and none is written over. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../../core/errors/index.ts';
import type { LakeFiles } from '../../../core/lake/index.ts';
import { readIfThere, writeOnce } from '../machine/durable-files.ts';

/** What a process that died was writing (durable-files.ts): it has no name that a reader of tables looks for. */
const UNFINISHED = /^\.\d+-\d+\.new$/;

export function openLakeFolder(folder: string): LakeFiles {
  return {
    read: (path) => readIfThere(join(folder, path)),
    create: (path, bytes) => writeOnce(join(folder, path), bytes),
    list: async (below) => (await filesBelow(folder, below)).sort(),
  };
}

async function filesBelow(folder: string, below: string): Promise<string[]> {
  const entries = await readdir(join(folder, below), { withFileTypes: true }).catch((error: unknown) => {
    if (codeOf(error) === 'ENOENT') return [];
    throw error;
  });
  const paths = entries.map(async (entry) => {
    const path = `${below}${entry.name}`;
    if (entry.isDirectory()) return filesBelow(folder, `${path}/`);
    return UNFINISHED.test(entry.name) ? [] : [path];
  });
  return (await Promise.all(paths)).flat();
}
