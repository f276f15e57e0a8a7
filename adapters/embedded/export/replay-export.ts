/** Replays who was entitled to decide in an export, out of its bundles; one is held at a time. */
import { join } from 'node:path';
import { EXPORT_FILES, readEntries, type ReplayIndex, type ReplayReport } from '../../../core/ledger/index.ts';
import { replayLog } from '../../../core/system/index.ts';
import { folderReader } from './read-file.ts';

export interface ReplayExportJob {
  readonly folder: string;
  readonly ledger: string;
  /** entries of the checkpoint */
  readonly size: number;
  readonly index: ReplayIndex;
}

export function replayExport({ folder, ledger, size, index }: ReplayExportJob): Promise<ReplayReport> {
  const files = { read: folderReader(join(folder, EXPORT_FILES.log)), size };
  const entries = { readLog: (from: number, limit: number) => readEntries(files, from, limit) };
  return replayLog({ ledger, entries }, index);
}
