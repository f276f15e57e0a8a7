/** Reads files of an export, which anybody may have made: nothing is read whole that no export has at that size. */
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_BUNDLE_BYTES, type ReadLogFile } from '../../../core/ledger/index.ts';
import { codeOf } from '../../../core/errors/index.ts';
import { WITHOUT_WAITING } from '../machine/durable-files.ts';
import { ExportError } from './export-error.ts';

const ABSENT = new Set(['ENOENT', 'ENOTDIR']);

/** @throws ExportError EXPORT_INVALID */
export function folderReader(folder: string): ReadLogFile {
  return (path) => readBounded(join(folder, path));
}

export async function readBounded(path: string): Promise<Uint8Array | undefined> {
  const file = await open(path, WITHOUT_WAITING).catch((cause: unknown) => {
    if (ABSENT.has(codeOf(cause))) return undefined;
    throw new ExportError({ code: 'EXPORT_INVALID', message: `"${path}" cannot be read`, cause });
  });
  if (file === undefined) return undefined;
  try {
    const stat = await file.stat();
    if (!stat.isFile()) return stat.isDirectory() ? undefined : Buffer.of();
    if (stat.size > MAX_BUNDLE_BYTES)
      throw new ExportError({
        code: 'EXPORT_INVALID',
        message: `"${path}" has ${stat.size} bytes: no file of a log has more than ${MAX_BUNDLE_BYTES}`,
      });
    return await file.readFile();
  } finally {
    await file.close();
  }
}
