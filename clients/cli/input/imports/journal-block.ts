/**
 * A block of a QLDB journal, as its export to S3 has it: in Ion text by default, or as JSON, which is Ion, too. Every revision of a
 * document that the block commits is an entry. The hashes in it are QLDB's own and are not checked: the ledger that could vouch for
 * them is no more.
 * https://docs.aws.amazon.com/qldb/latest/developerguide/export-journal.output.html
 */
import type { dom } from 'ion-js';
import { decodeUtf8 } from '../../../../core/canonical/index.ts';
import { RowError } from '../csv-events.ts';

/** What stands in a record under a name. @returns undefined: nothing, or no text */
export type LookUp = (name: string) => string | undefined;

/** @throws RowError */
export async function readJournalBlock(bytes: Buffer): Promise<readonly LookUp[]> {
  const { load } = await import('ion-js'); // most commands never read Ion
  try {
    return revisionsOf(load(decodeUtf8(bytes)));
  } catch (error) {
    // The library refuses what has not the type that was asked for, and what nests deeper than its stack.
    throw new RowError(`it is no block of a journal: ${(error as Error).message}`, { cause: error });
  }
}

function revisionsOf(block: dom.Value | null): readonly LookUp[] {
  const strandId = textAt(block, 'blockAddress', 'strandId');
  if (block === null || strandId === undefined) throw new RowError('there is no blockAddress.strandId in it');
  const address = { strandId, sequenceNo: textAt(block, 'blockAddress', 'sequenceNo') };
  const revisions = block.get('revisions')?.elements() ?? [];
  return revisions.flatMap((revision) => {
    const id = textAt(revision, 'metadata', 'id');
    // A revision without metadata is QLDB's own: only its hash is told.
    return id === undefined ? [] : [lookUpOf(block, revision, { ...address, id })];
  });
}

function lookUpOf(
  block: dom.Value,
  revision: dom.Value,
  { id, ...address }: Readonly<Record<string, string | undefined>>,
): LookUp {
  const found: Readonly<Record<string, string | undefined>> = {
    ...{ ...address, id },
    table: id === undefined ? undefined : textAt(block, 'transactionInfo', 'documents', id, 'tableName'),
    version: textAt(revision, 'metadata', 'version'),
    time: textAt(revision, 'metadata', 'txTime') ?? textAt(block, 'blockTimestamp'),
    txId: textAt(block, 'transactionId'),
  };
  return (name) => (Object.hasOwn(found, name) ? found[name] : undefined);
}

/** Of text, numbers and times as they were written; what else stands there is nobody's name or time. */
function textAt(value: dom.Value | null, ...path: string[]): string | undefined {
  const found = value?.get(...path);
  if (found === undefined || found === null) return undefined;
  const read: Readonly<Record<string, () => string | undefined>> = {
    string: () => found.stringValue() ?? undefined,
    symbol: () => found.stringValue() ?? undefined,
    int: () => found.bigIntValue()?.toString(),
    timestamp: () => found.timestampValue()?.toString(),
  };
  return read[found.getType().name]?.();
}
