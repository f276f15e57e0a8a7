/** The log's records and the stored entries side by side, page by page, for core to verify. Both are untrusted. */
import { MerkleEdge, type LoggedEntry, type LogPair, type LogPlace } from '../../../core/ledger/index.ts';
import { must } from '../../../core/errors/index.ts';
import { entryKey, entryOf, type Attributes } from '../dynamo/dynamo-items.ts';
import { DynamoLog, endOf, HASH_BYTES, type LogBatch } from '../dynamo/dynamo-log.ts';
import { readItems } from '../dynamo/dynamo-reads.ts';
import type { DynamoStore } from '../dynamo/dynamo-store.ts';

/** Entries read at once: ten BatchGetItem calls side by side. */
const PAGE = 990;

const NOTHING = { place: undefined, entry: undefined };

/** @param range log indices, `to` exclusive; from within the log, what the record before says of the tree is taken as it is */
export async function* readLogPairs(
  store: DynamoStore,
  { from = 0, to = Infinity }: { readonly from?: number; readonly to?: number } = {},
): AsyncGenerator<readonly LogPair[]> {
  // A log of its own: what this process read before may have been changed since.
  const log = new DynamoLog(store.tables);
  const before = from === 0 ? undefined : await log.recordBefore(from);
  const isIn = ({ position }: LogPlace): boolean => position >= from && position < to;
  let edge = edgeAfter(before);
  let page = before?.places.filter(isIn) ?? [];
  // Whoever verifies what comes before finds a reason for such a record.
  if (edge.size < from) {
    yield [{ ...NOTHING, position: from }];
    return;
  }
  for await (const batch of log.batches(edge.size)) {
    if (batch.first >= to && edge.size >= to) break; // the log has grown meanwhile
    const damage = damageOf(batch, edge);
    if (damage !== undefined) return yield* [await pairsOf(store, page), [damage]];
    edge = new MerkleEdge({ size: endOf(batch), edge: batch.edge });
    page.push(...batch.places.filter(isIn));
    if (page.length < PAGE) continue;
    yield await pairsOf(store, page);
    page = [];
  }
  yield await pairsOf(store, page);
  const [stray] = log.strays;
  if (stray !== undefined)
    yield [{ ...NOTHING, position: edge.size, damage: `a record of the log is stored as "${stray}", no log index` }];
  if (to !== Infinity && edge.size < to) yield [{ ...NOTHING, position: edge.size }];
}

/** An empty tree when the record is damaged. */
function edgeAfter(batch: LogBatch | undefined): MerkleEdge {
  try {
    return new MerkleEdge({ size: endOf(batch), edge: batch?.edge ?? new Uint8Array() });
  } catch {
    return new MerkleEdge();
  }
}

/** A record must begin where the one before it ended and leave the tree's right edge as its hashes make it. */
function damageOf(batch: LogBatch, before: MerkleEdge): LogPair | undefined {
  const nothing = { ...NOTHING, position: before.size };
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
  return `${must(pk?.S, 'the partition key')}\n${must(sk?.N, 'the sort key')}`;
}
