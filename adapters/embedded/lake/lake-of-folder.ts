/** Exports a data folder, running or stopped, or an export of it into a lake in a folder; and verifies such a lake. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import {
  exportLake,
  LakeError,
  verifyLake,
  type ExportedLake,
  type LakeExport,
  type LakeReport,
  type LakeToVerify,
} from '../../../core/lake/index.ts';
import { EXPORT_FILES, parseVerifierKey, type ReadLogFile } from '../../../core/ledger/index.ts';
import { openParquetTables } from '../../machine/parquet-table.ts';
import { openExport } from '../export/open-export.ts';
import { folderReader } from '../export/read-file.ts';
import { createLogFolder } from '../log/log-folder.ts';
import { LOG_FOLDER } from '../log/open-log.ts';
import { openLakeFolder } from './lake-folder.ts';

export interface LakeOptions extends Pick<LakeExport, 'region' | 'accountId' | 'onProgress'> {
  /** a data folder, or a folder that `exportDataDir` made */
  readonly source: { readonly dataDir: string } | { readonly exportDir: string };
  /** a folder that is a lake, or becomes one */
  readonly out: string;
}

/** What was published and is not in the lake yet. @throws LakeError, ExportError */
export async function exportToLake({ source, out, ...options }: LakeOptions): Promise<ExportedLake> {
  const log = await logOf(source);
  return exportLake({ ...options, files: openLakeFolder(out), table: await openParquetTables(), log });
}

/** @param vkey the root key, from a source other than the lake @throws LakeError */
export async function verifyLakeFolder(
  folder: string,
  { vkey, onProgress }: { readonly vkey: string } & Pick<LakeToVerify, 'onProgress'>,
): Promise<LakeReport> {
  const root = parseVerifierKey(vkey);
  if (root === undefined)
    throw new LakeError({ code: 'LAKE_INVALID', message: 'the verifier key is none of Ed25519: name the root key' });
  const progress = onProgress === undefined ? {} : { onProgress };
  return verifyLake({ files: openLakeFolder(folder), table: await openParquetTables(), root, ...progress });
}

async function logOf(source: LakeOptions['source']): Promise<ReadLogFile> {
  if ('exportDir' in source) {
    await openExport(source.exportDir);
    return folderReader(join(source.exportDir, EXPORT_FILES.log));
  }
  const folder = join(source.dataDir, LOG_FOLDER);
  if (!existsSync(folder))
    throw new LakeError({
      code: 'LAKE_SOURCE_DAMAGED',
      message: `"${source.dataDir}" has no published log: name a data folder whose engine has run`,
    });
  return createLogFolder(folder).read;
}
