/** The entries of a ledger out of the rows of a lake. It reads and parses them; whether they are what was signed is for `lake verify`. */
import { readLakeEntries } from '../../../core/lake/index.ts';
import { openParquetTables } from '../../machine/parquet-table.ts';
import { ExportError } from '../export/export-error.ts';
import { ofEntity, parsed, type LedgerSource, type SourceEntry } from '../export/ledger-source.ts';
import { openLakeFolder } from './lake-folder.ts';

/** @throws LakeError */
export async function openLakeSource(folder: string): Promise<LedgerSource> {
  const [files, table] = [openLakeFolder(folder), await openParquetTables()];
  const name = `lake ${folder}`;
  const entries = async function* (): AsyncGenerator<SourceEntry> {
    for await (const { position, note } of readLakeEntries({ files, table })) yield parsed({ note, position });
  };
  return {
    ...{ name, entries, chain: ofEntity(entries), close: () => {} },
    proof: () => Promise.reject(noProof()),
  };
}

function noProof(): ExportError {
  const message = 'a lake has no proofs of single entries: name a data folder or an export';
  return new ExportError({ code: 'EXPORT_NOT_POSSIBLE', message });
}
