/** Opens an export: reads what it says about itself, and checks that the other files are those that it was made with. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, open, readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { EXPORT_FILES, parseManifest, type ExportManifest } from '../../../core/ledger/index.ts';
import { codeOf } from '../../../core/errors/index.ts';
import { WITHOUT_WAITING } from '../machine/durable-files.ts';
import { ExportError } from './export-error.ts';
import { readBounded } from './read-file.ts';

const NO_FILE: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EISDIR']);

/** @throws ExportError EXPORT_INVALID */
export async function openExport(folder: string): Promise<ExportManifest> {
  const path = join(folder, EXPORT_FILES.manifest);
  const bytes = await readBounded(path);
  if (bytes === undefined)
    throw invalid(`there is no complete export in "${folder}": ${EXPORT_FILES.manifest} is missing`);
  const manifest = parseManifest(bytes);
  if ('malformed' in manifest) throw invalid(`"${path}": ${manifest.malformed}`);
  return manifest;
}

/**
 * The files against what the export says of them: SHA256SUMS as it was written, a line for every file and for no other, each
 * file as long as all together are said to be, and those that no signature covers with their sums.
 * @returns what differs first
 */
export async function firstChangedBeside(
  folder: string,
  manifest: ExportManifest,
): Promise<{ readonly path: string; readonly detail: string } | undefined> {
  const sums = join(folder, EXPORT_FILES.sums);
  const changed = (path: string, detail: string) => ({ path, detail });
  if ((await sha256OfFile(sums)) !== manifest.sums) return changed(EXPORT_FILES.sums, 'it is not as it was exported');
  const listed = new Set<string>();
  let bytes = 0;
  for await (const line of createInterface({ input: createReadStream(sums), crlfDelay: Infinity })) {
    const [, sum = '', path = ''] = SUM_LINE.exec(line) ?? [];
    if (!isWithin(path) || listed.has(path)) return changed(EXPORT_FILES.sums, `a line of it is no file of the export`);
    listed.add(path);
    const stat = await lstat(join(folder, path)).catch(() => undefined);
    if (stat?.isFile() !== true) return changed(path, 'the file is missing');
    bytes += stat.size;
    // Tiles, bundles and checkpoint are held against what was signed.
    if (path.startsWith(`${EXPORT_FILES.log}/`)) continue;
    if ((await sha256OfFile(join(folder, path))) !== sum) return changed(path, 'the file is not as it was exported');
  }
  const needed = [EXPORT_FILES.keys, EXPORT_FILES.rootKey, ...(manifest.withSensitive ? [EXPORT_FILES.sensitive] : [])];
  const missing = needed.find((path) => !listed.has(path));
  if (missing !== undefined) return changed(EXPORT_FILES.sums, `it does not list ${missing}`);
  const extra = await firstOther(folder, new Set([...listed, EXPORT_FILES.manifest, EXPORT_FILES.sums]));
  if (extra !== undefined) return changed(extra, 'no file of the export has this name');
  return listed.size === manifest.files && bytes === manifest.bytes
    ? undefined
    : changed(
        EXPORT_FILES.manifest,
        `it says ${manifest.files} files of ${manifest.bytes} bytes, there are ${listed.size} of ${bytes}`,
      );
}

const SUM_LINE = /^([0-9a-f]{64}) {2}(\S+)$/;

function isWithin(path: string): boolean {
  return (
    path !== '' &&
    !path.startsWith('/') &&
    path.split('/').every((part) => part !== '..' && part !== '.' && part !== '')
  );
}

/** A file that is there and not known, by its path. */
async function firstOther(folder: string, known: ReadonlySet<string>, below = ''): Promise<string | undefined> {
  for (const entry of await readdir(join(folder, below), { withFileTypes: true })) {
    const path = below === '' ? entry.name : `${below}/${entry.name}`;
    const found = entry.isDirectory() ? await firstOther(folder, known, path) : known.has(path) ? undefined : path;
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Undefined: there is no such file. */
async function sha256OfFile(path: string): Promise<string | undefined> {
  const sum = createHash('sha256');
  const file = await open(path, WITHOUT_WAITING).catch((error: unknown) => {
    if (NO_FILE.has(codeOf(error))) return undefined;
    throw error;
  });
  if (file === undefined) return undefined;
  try {
    if (!(await file.stat()).isFile()) return undefined;
    for await (const chunk of file.createReadStream({ autoClose: false })) sum.update(chunk as Uint8Array);
    return sum.digest('hex');
  } finally {
    await file.close();
  }
}

function invalid(message: string): ExportError {
  return new ExportError({ code: 'EXPORT_INVALID', message });
}
