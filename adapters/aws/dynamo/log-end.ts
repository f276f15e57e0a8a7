/**
 * Knows, for one process, where the log ends and which entries come before that; a process that does not know this exactly
 * must not write. A batch record gives entries their place. The writer of the next record first writes the index items of the
 * one before, which name the place of each entry. So only entries of the newest record may lack an index item; any other entry
 * without one has no place yet.
 */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { LogPlace } from '../../../core/ledger/index.ts';
import { must } from '../../../core/errors/index.ts';
import { eachSideBySide } from './dynamo-commit.ts';
import { indexKey, type Attributes } from './dynamo-items.ts';
import { endOf, type LogBatch } from './dynamo-log.ts';
import { readItems } from './dynamo-reads.ts';
import type { DynamoStore } from './dynamo-store.ts';
import { KnownSeqs } from './known-seqs.ts';

/** Fewer records are taken in after somebody else wrote; when there are more it is cheaper to ask for single chains again. */
const MAX_RECORDS_BEHIND = 50;

export interface LogEnd {
  /** one past the last log index */
  readonly size: number;
  /** the tree's right edge there: see MerkleEdge */
  readonly edge: Uint8Array;
  /** of chains met: the newest seq that stands before this end, or behind it; never less than stands before it */
  readonly indexed: KnownSeqs;
}

/** For a process that knows nothing, or too little. */
export async function newestEnd(store: DynamoStore): Promise<LogEnd> {
  const last = await store.log.last();
  const end = { size: endOf(last), edge: last?.edge ?? new Uint8Array(), indexed: new KnownSeqs() };
  await completeIndex(store, last);
  takeIn(end, last);
  return end;
}

/** What was written behind `known`, by others or by this process when it did not get the answer, is taken in. */
export async function laterEnd(store: DynamoStore, known: LogEnd): Promise<LogEnd> {
  let end = known;
  const batches = await store.log.recordsFrom(known.size, MAX_RECORDS_BEHIND);
  if (batches.length === MAX_RECORDS_BEHIND) return newestEnd(store);
  for (const batch of batches) {
    if (batch.first !== end.size || batch.places.length === 0) return newestEnd(store);
    takeIn(end, batch);
    end = { ...end, size: endOf(batch), edge: batch.edge };
  }
  await completeIndex(store, batches.at(-1));
  return end;
}

/** Says the place of entries whose record is written, all at once. Dies in here: whoever writes the next record does the rest. */
export async function writeIndex({ tables, contention }: DynamoStore, places: readonly LogPlace[]): Promise<void> {
  const { client, stateTable: TableName, ledger } = tables;
  const put = async ({ chain, seq, position }: LogPlace): Promise<void> => {
    const Item = { ...indexKey(ledger, chain, seq), i: { N: String(position) } };
    await contention.outlast(() => client.send(new PutItemCommand({ TableName, Item })));
  };
  await eachSideBySide(places, put, places.length);
}

function takeIn({ indexed }: LogEnd, batch: LogBatch | undefined): void {
  for (const { chain, seq } of batch?.places ?? []) indexed.raise(chain, seq);
}

async function completeIndex(store: DynamoStore, batch: LogBatch | undefined): Promise<void> {
  const { stateTable: table, ledger } = store.tables;
  // Untrusted: a record could name one place twice, which DynamoDB refuses to be asked for.
  const wanted = new Map(
    (batch?.places ?? []).map((place) => {
      const key = indexKey(ledger, place.chain, place.seq);
      return [nameOf(key), { place, key }] as const;
    }),
  );
  const keys = wanted.values().map(({ key }) => ({ table, key }));
  for (const item of await readItems(store.tables, store.contention, [...keys])) wanted.delete(nameOf(item));
  await writeIndex(
    store,
    [...wanted.values()].map(({ place }) => place),
  );
}

function nameOf({ pk, sk }: Attributes): string {
  return `${must(pk?.S, 'the partition key')}\n${must(sk?.S, 'the sort key')}`;
}
