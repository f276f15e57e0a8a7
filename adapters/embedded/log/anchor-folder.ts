/**
 * Anchors in a folder: one read-only file a checkpoint, `ckpt/<size, 20 digits>`, never replaced by us. That is as strong as
 * whoever keeps the folder: put it on storage that this machine cannot change (another host, a WORM share) where it matters.
 */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnchorStore } from '../../../core/ledger/index.ts';
import { isCode, readIfThere, writeOnce } from '../machine/durable-files.ts';

const DIGITS = 20;
const NAME = /^[0-9]{20}$/;

export function createAnchorFolder(folder: string): AnchorStore {
  const place = join(folder, 'ckpt');
  const at = (size: number): string => join(place, String(size).padStart(DIGITS, '0'));
  return {
    put: async (size, note) => ((await writeOnce(at(size), note)) ? 'stored' : 'exists'),
    read: (size) => readIfThere(at(size)),
    sizes: async (after, limit) => (await list(place)).filter((size) => size > after).slice(0, limit),
    newest: async () => (await list(place)).at(-1),
  };
}

async function list(place: string): Promise<number[]> {
  try {
    const names = (await readdir(place)).filter((name) => NAME.test(name));
    return names.map(Number).sort((a, b) => a - b);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return [];
    throw error;
  }
}
