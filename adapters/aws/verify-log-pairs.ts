/** The log's records and the stored entries side by side, page by page, for core to verify. Both are untrusted. */
import { MerkleEdge, type LoggedEntry, type LogPair, type LogPlace } from '../../core/ledger/index.ts';
import { entryKey, entryOf, type Attributes } from './dynamo-items.ts';
import { DynamoLog, endOf, HASH_BYTES, type LogBatch } from './dynamo-log.ts';
import { readItems } from './dynamo-reads.ts';
import type { DynamoStore } from './dynamo-store.ts';

/** Entries read at once: ten BatchGetItem calls side by side. */
const PAGE = 990;

/** @param to log index at which to stop, the end of a record */
export async function* readLogPairs(store: DynamoStore, to = Infinity): AsyncGenerator<readonly LogPair[]> {
  let edge = new MerkleEdge();
  let page: LogPlace[] = [];
  // A log of its own: what this process read before may have been changed since.
  for await (const batch of new DynamoLog(store.tables).batches(0)) {
    if (batch.first >= to) break; // the log has grown meanwhile
    const damage = damageOf(batch, edge);
    if (damage !== undefined) {
      yield* [await pairsOf(store, page), [damage]];
      return;
    }
    edge = new MerkleEdge({ size: endOf(batch), edge: batch.edge });
    page.push(...batch.places);
    if (page.length < PAGE) continue;
    yield await pairsOf(store, page);
    page = [];
  }
  yield await pairsOf(store, page);
}

/** A record must begin where the one before it ended and leave the tree's right edge as its hashes make it. */
function damageOf(batch: LogBatch, before: MerkleEdge): LogPair | undefined {
  const nothing = { position: before.size, place: undefined, entry: undefined };
  if (batch.first > before.size) return nothing;
  const damaged = { ...nothing, position: batch.first, damage: "the log's record of this place is damaged" };
  if (batch.first < before.size || batch.places.length === 0) return damaged;
  if (batch.places.some(({ hash }) => hash.length !== HASH_BYTES)) return damaged;
  const edge = new MerkleEdge(before.state());
  for (const { hash } of batch.places) edge.append(hash);
  return Buffer.compare(edge.state().edge, batch.edge) === 0
    ? undefined
    : { ...damaged, damage: "the log's record of this place and its right edge contradict each other" };
}

async function pairsOf(store: DynamoStore, places: readonly LogPlace[]): Promise<readonly LogPair[]> {
  const { ledger, entriesTable: table } = store.tables;
  const keys = places.map(({ chain, seq }) => ({ table, key: entryKey(ledger, chain, seq) }));
  // A record could be made to name one place twice; DynamoDB refuses to be asked twice.
  const once = [...new Map(keys.map((one) => [nameOf(one.key), one])).values()];
  const found = new Map(
    (await readItems(store.tables, store.contention, once)).map((item) => [nameOf(item), item] as const),
  );
  return places.map((place) => {
    const item = found.get(nameOf(entryKey(ledger, place.chain, place.seq)));
    return { position: place.position, place, entry: undefined, ...(item && decoded(ledger, item, place.position)) };
  });
}

function decoded(ledger: string, item: Attributes, position: number): { entry: LoggedEntry } | { damage: string } {
  try {
    return { entry: { ...entryOf(ledger, item), position } };
  } catch (error) {
    return { damage: error instanceof Error ? error.message : String(error) };
  }
}

function nameOf({ pk, sk }: Attributes): string {
  return `${pk?.S ?? ''}\n${sk?.N ?? ''}`;
}
