/** Opens an export: what it says of itself, and whether the files beside the log are those it was made with. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { EXPORT_FILES, parseManifest, type ExportManifest } from '../../../core/ledger/index.ts';
import { ExportError } from './export-error.ts';
import { readBounded } from './read-file.ts';

/** What a checkpoint does not prove. */
const UNPROVEN: ReadonlySet<string> = new Set([EXPORT_FILES.keys, EXPORT_FILES.sensitive]);

const NO_FILE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

/** @throws ExportError EXPORT_INVALID */
export async function openExport(folder: string): Promise<ExportManifest> {
  const path = join(folder, EXPORT_FILES.manifest);
  const bytes = await readBounded(path);
  if (bytes === undefined)
    throw invalid(`there is no whole export in "${folder}": ${EXPORT_FILES.manifest} is missing`);
  const manifest = parseManifest(bytes);
  if ('malformed' in manifest) throw invalid(`"${path}": ${manifest.malformed}`);
  return manifest;
}

/**
 * Files that no signature covers, against the sums they were written with.
 * @returns the path of the first that differs
 */
export async function firstChangedBeside(folder: string, manifest: ExportManifest): Promise<string | undefined> {
  const sums = join(folder, EXPORT_FILES.sums);
  if ((await sha256OfFile(sums)) !== manifest.sums) return EXPORT_FILES.sums;
  for await (const line of createInterface({ input: createReadStream(sums), crlfDelay: Infinity })) {
    const [sum, path] = [line.slice(0, 64), line.slice(66)];
    if (UNPROVEN.has(path) && (await sha256OfFile(join(folder, path))) !== sum) return path;
  }
  return undefined;
}

/** Undefined: there is no such file. */
export async function sha256OfFile(path: string): Promise<string | undefined> {
  const sum = createHash('sha256');
  try {
    for await (const chunk of createReadStream(path)) sum.update(chunk as Uint8Array);
  } catch (error) {
    if (NO_FILE.has((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  return sum.digest('hex');
}

function invalid(message: string): ExportError {
  return new ExportError({ code: 'EXPORT_INVALID', message });
}
