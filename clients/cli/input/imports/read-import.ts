/** Reads a file to be imported, from its first byte to its last: the entries to make, and what makes none, each with its place. */
import { sha256, toHex } from '../../../../core/canonical/index.ts';
import { IMPORT_RECORDED, type EventInput } from '../../../../core/events/index.ts';
import { UsageError } from '../../output/output.ts';
import { CsvError } from '../csv.ts';
import { RowError } from '../csv-events.ts';
import { createReader, type ImportedEntry, type ImportFormat, type ImportMapping } from './import-format.ts';
import { splitRecords, type FramedRecord } from './split-records.ts';
import type { SourceFile } from './source-file.ts';

export interface Reject {
  readonly line: number;
  readonly record: number;
  readonly offset: number;
  readonly code: string;
  readonly detail: string;
}

/** A record as far as the ledger keeps it: where it stood, and the hash of its bytes. */
export interface HashedRecord {
  readonly record: number;
  readonly line: number;
  readonly offset: number;
  readonly bytes: number;
  readonly sha256: string;
}

export type ReadItem =
  | { readonly kind: 'entry'; readonly of: HashedRecord; readonly nth: number; readonly entry: ImportedEntry }
  | { readonly kind: 'reject'; readonly reject: Reject };

const ION_BINARY = Buffer.from([0xe0, 0x01, 0x00, 0xea]);

/** @throws UsageError: the file as a whole is not what it should be */
export async function* readImport(
  source: SourceFile,
  format: ImportFormat,
  mapping: ImportMapping,
): AsyncGenerator<ReadItem> {
  const { framing, maxBytes, entriesOf } = createReader(format, mapping);
  for await (const framed of splitRecords(textOnly(source), framing, maxBytes)) {
    const { record, line, offset } = framed;
    if (framed.kind === 'bad') {
      yield { kind: 'reject', reject: { line, record, offset, code: 'RECORD_UNREADABLE', detail: framed.reason } };
      continue;
    }
    const read = await attempt(source, entriesOf, framed);
    if (typeof read === 'string') {
      yield { kind: 'reject', reject: { line, record, offset, code: 'RECORD_UNREADABLE', detail: read } };
      continue;
    }
    if (read.length === 0) continue;
    const { bytes } = framed;
    const of = { record, line, offset, bytes: bytes.length, sha256: toHex(sha256(bytes)) };
    for (const [nth, entry] of read.entries()) yield { kind: 'entry', of, nth, entry };
  }
}

/** The event by which it is recorded. Its id is made of the file and the place, so that it is recorded once, however often it is sent. */
export function importedEvent(source: string, { of, nth, entry }: Extract<ReadItem, { kind: 'entry' }>): EventInput {
  return {
    topic: IMPORT_RECORDED,
    eventId: `import:${source}:${of.record}${nth === 0 ? '' : `.${nth}`}`,
    entityId: entry.entityId,
    payload: { source, ...of, claims: { ...entry.claims }, witnessed: false },
  };
}

/** @returns what is wrong with the record, in words */
async function attempt(
  source: SourceFile,
  entriesOf: ReturnType<typeof createReader>['entriesOf'],
  { bytes }: Extract<FramedRecord, { kind: 'record' }>,
): Promise<readonly ImportedEntry[] | string> {
  try {
    return await entriesOf(bytes);
  } catch (error) {
    if (error instanceof RowError) return error.message;
    if (error instanceof CsvError) throw new UsageError(`"${source.name}": ${error.message}`, { cause: error });
    throw error;
  }
}

async function* textOnly(source: SourceFile): AsyncGenerator<Buffer> {
  let isFirst = true;
  for await (const chunk of source.chunks()) {
    if (isFirst && chunk.subarray(0, ION_BINARY.length).equals(ION_BINARY))
      throw new UsageError(
        `"${source.name}" is Ion in its binary form, which this command does not read: export or convert it to Ion text`,
      );
    isFirst = false;
    yield chunk;
  }
}
