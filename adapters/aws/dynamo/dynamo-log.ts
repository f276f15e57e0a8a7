/**
 * The log as the sequencer wrote it: batch records that follow each other without a gap, the last one naming the size and
 * the Merkle tree's right edge. Records never change, so those read are kept; what the end is, is always asked.
 */
import { QueryCommand } from '@aws-sdk/client-dynamodb';
import type { LogPlace } from '../../../core/ledger/index.ts';
import { must } from '../../../core/errors/index.ts';
import { orBlank } from '../../../core/values/index.ts';
import { logPartition, padded, type Attributes, type DynamoTables } from './dynamo-items.ts';

export const HASH_BYTES = 32;
/** Batch records kept in memory, ~15 kB each at most. */
const MAX_KEPT = 256;
const RECORDS_PER_QUERY = 50;
/** What sorts behind every number is no record, and not the log's end. */
const BEHIND_NUMBERS = ':';
const LOG_INDEX = /^[0-9]{16}$/;

/** What the sequencer put at `first`: entries first … first + places.length - 1. */
export interface LogBatch {
  readonly first: number;
  readonly places: readonly LogPlace[];
  /** the tree's right edge after this batch: see MerkleEdge */
  readonly edge: Uint8Array;
}

export class DynamoLog {
  private readonly tables: DynamoTables;
  private readonly kept = new Map<number, LogBatch>();
  /** keys met of what is no record of ours, and is passed over */
  readonly strays = new Set<string>();

  constructor(tables: DynamoTables) {
    this.tables = tables;
  }

  /** The newest batch, strongly consistent; undefined while the log is empty. */
  async last(): Promise<LogBatch | undefined> {
    return (await this.query({ newestFirst: true, limit: 1 }))[0];
  }

  /** One past the last log index. */
  async size(): Promise<number> {
    return endOf(await this.last());
  }

  /** The newest batch that begins before this log index; in a log without a gap it reaches up to it, or over it. */
  async recordBefore(index: number): Promise<LogBatch | undefined> {
    return (await this.query({ newestFirst: true, to: padded(index - 1), limit: 1 }))[0];
  }

  /** The records that begin at this log index or behind it, ascending, at most `limit`. */
  async recordsFrom(index: number, limit: number): Promise<readonly LogBatch[]> {
    return this.query({ from: padded(index), limit });
  }

  /** Places from log index `from` on, ascending, at most `limit`. */
  async places(from: number, limit: number): Promise<readonly LogPlace[]> {
    const found: LogPlace[] = [];
    if (limit <= 0) return found;
    for await (const batch of this.batches(from, Math.min(limit, RECORDS_PER_QUERY))) {
      found.push(...batch.places.filter(({ position }) => position >= from));
      if (found.length >= limit) break;
    }
    return found.slice(0, limit);
  }

  /** Batches from the one that holds log index `from` on. A damaged record has no places; a missing one leaves a gap. */
  async *batches(from: number, recordsPerQuery = RECORDS_PER_QUERY): AsyncGenerator<LogBatch> {
    let next = from;
    for (let batch = this.kept.get(next); batch !== undefined; batch = this.kept.get(next)) {
      yield batch;
      next = endOf(batch);
    }
    if (!this.isBoundary(next)) {
      const [before] = await this.query({ newestFirst: true, to: padded(next), limit: 1 });
      if (before !== undefined && endOf(before) > next) {
        yield before;
        next = endOf(before);
      }
    }
    for (;;) {
      const page = await this.query({ from: padded(next), limit: recordsPerQuery });
      yield* page;
      const newest = page.at(-1);
      if (newest === undefined || page.length < recordsPerQuery) return;
      next = newest.first + 1;
    }
  }

  /** Whether a batch is known to begin here, if there is one. */
  private isBoundary(index: number): boolean {
    return index === 0 || this.kept.values().some((batch) => endOf(batch) === index);
  }

  private async query(range: {
    readonly from?: string;
    readonly to?: string;
    readonly newestFirst?: boolean;
    readonly limit: number;
  }): Promise<readonly LogBatch[]> {
    const { client, stateTable: TableName, ledger } = this.tables;
    const { from = padded(0), to = BEHIND_NUMBERS, newestFirst = false, limit } = range;
    const batches: LogBatch[] = [];
    let ExclusiveStartKey: Attributes | undefined;
    do {
      const page = await client.send(
        new QueryCommand({
          TableName,
          KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
          ExpressionAttributeValues: { ':pk': { S: logPartition(ledger) }, ':from': { S: from }, ':to': { S: to } },
          ConsistentRead: true,
          ScanIndexForward: !newestFirst,
          Limit: limit - batches.length,
          ExclusiveStartKey,
        }),
      );
      for (const item of page.Items ?? [])
        if (LOG_INDEX.test(must(item['sk']?.S, 'the sort key'))) batches.push(batchOf(item));
        else this.strays.add(must(item['sk']?.S, 'the sort key'));
      ExclusiveStartKey = page.LastEvaluatedKey;
    } while (ExclusiveStartKey !== undefined && batches.length < limit);
    for (const batch of batches) this.keep(batch);
    return batches;
  }

  private keep(batch: LogBatch): void {
    if (batch.places.length === 0) return;
    this.kept.delete(batch.first);
    this.kept.set(batch.first, batch);
    if (this.kept.size > MAX_KEPT) this.kept.delete(this.kept.keys().next().value as number);
  }
}

export function endOf(batch: LogBatch | undefined): number {
  return batch === undefined ? 0 : batch.first + batch.places.length;
}

/** The batch record as it is stored. */
export function batchItem(ledger: string, { first, places, edge }: LogBatch): Attributes {
  return {
    pk: { S: logPartition(ledger) },
    sk: { S: padded(first) },
    h: { B: Buffer.concat(places.map(({ hash }) => hash)) },
    p: { S: JSON.stringify(places.map(({ chain, seq }) => [chain, seq])) },
    e: { B: edge },
  };
}

/** Untrusted: a damaged record names no places, and its entries are then found missing from the log. */
function batchOf({ sk, h, p, e }: Attributes): LogBatch {
  const first = Number(sk?.S);
  const hashes = h?.B ?? new Uint8Array();
  const places = parsePlaces(p?.S).map(([chain, seq], i) => ({
    position: first + i,
    chain,
    seq,
    hash: hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  }));
  return { first, places, edge: e?.B ?? new Uint8Array() };
}

function parsePlaces(text: string | undefined): [string, number][] {
  try {
    const places: unknown = JSON.parse(orBlank(text));
    const isPlace = (one: unknown): one is [string, number] =>
      Array.isArray(one) && typeof one[0] === 'string' && typeof one[1] === 'number';
    return Array.isArray(places) && places.every(isPlace) ? places : [];
  } catch {
    return [];
  }
}
