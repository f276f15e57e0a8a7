/**
 * EntryStore and ItemStore on two DynamoDB tables that others write too. Entries are put-if-absent at their place and get
 * their log index from the sequencer; everything read is strongly consistent. Layout: dynamo-items.ts.
 */
import * as z from 'zod';
import { DeleteItemCommand, GetItemCommand, UpdateItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type {
  CommitGroup,
  CommitOutcome,
  EntryStore,
  Item,
  ItemKey,
  ItemStore,
  ItemWrite,
  LoggedEntry,
  StoredEntry,
} from '../../../core/ledger/index.ts';
import { countingUp, foldWrites, type FoldedWrite } from './dynamo-actions.ts';
import { commitGroups } from './dynamo-commit.ts';
import { createContention, type Contention, type ContentionOptions } from './dynamo-contention.ts';
import {
  entryKey,
  entryOf,
  entryPartition,
  idemItemKey,
  indexKey,
  indexPartition,
  itemOf,
  padded,
  positionOf,
  stateKey,
  valueAttribute,
  type Attributes,
  type DynamoTables,
} from './dynamo-items.ts';
import { DynamoLog } from './dynamo-log.ts';
import { queryItems, readItems } from './dynamo-reads.ts';
import { KnownSeqs } from './known-seqs.ts';
import { systemClock } from '../request/system-clock.ts';
import { codecOf, stored, whole } from '../../../core/values/index.ts';
import { must } from '../../../core/errors/index.ts';

/** Sorts after every key that begins with the text before it. */
const LAST_CHARACTER = '\u{10FFFF}';

export const idemCodec = codecOf<{ chain: string; seq: number }>(
  'idempotency key',
  stored({ chain: z.string(), seq: whole }),
);

export interface DynamoStoreOptions extends Partial<ContentionOptions> {
  readonly client: DynamoDBClient;
  readonly entriesTable: string;
  readonly stateTable: string;
  readonly ledger: string;
}

export class DynamoStore implements EntryStore, ItemStore {
  readonly exclusive = false;
  /** the sequencer's business */
  readonly indexesAtCommit = false;
  readonly tables: DynamoTables;
  readonly log: DynamoLog;
  readonly contention: Contention;
  /** Reads entries without their log index, for half the units. */
  readonly withoutIndex: Pick<EntryStore, 'read'> = { read: (...range) => this.readChain(...range) };
  private readonly known = new KnownSeqs();

  constructor(options: DynamoStoreOptions) {
    const { client, entriesTable, stateTable, ledger } = options;
    const { sleep = (ms: number) => systemClock.sleep(ms), random = Math.random } = options;
    this.tables = { client, entriesTable, stateTable, ledger };
    this.log = new DynamoLog(this.tables);
    this.contention = createContention({ sleep, random });
  }

  async commit(groups: readonly CommitGroup[]): Promise<readonly CommitOutcome[]> {
    const { tables, contention, known } = this;
    return commitGroups({ tables, contention, known }, groups);
  }

  async head(chain: string): Promise<StoredEntry | undefined> {
    const [newest] = await queryItems(this.tables, { ...this.chainQuery(chain, 0), ScanIndexForward: false }, 1);
    if (newest === undefined) return undefined;
    const head = entryOf(this.tables.ledger, newest);
    this.known.raise(chain, head.seq);
    return head;
  }

  /** Log indices are filled in for entries that have one. */
  async read(chain: string, from: number, limit: number): Promise<readonly StoredEntry[]> {
    if (limit <= 0) return [];
    const [entries, positions] = await Promise.all([
      queryItems(this.tables, this.chainQuery(chain, from), limit),
      queryItems(this.tables, this.indexQuery(chain, from, from + limit - 1), limit),
    ]);
    const positionAt = new Map(positions.map((item) => [Number(item['sk']?.S), positionOf(item)]));
    const read = entries.map((item) => entryOf(this.tables.ledger, item, positionAt.get(Number(item['sk']?.N))));
    const newest = read.at(-1);
    if (newest !== undefined) this.known.raise(chain, newest.seq);
    return read;
  }

  private async readChain(chain: string, from: number, limit: number): Promise<readonly StoredEntry[]> {
    const items = await queryItems(this.tables, this.chainQuery(chain, from), limit);
    return items.map((item) => entryOf(this.tables.ledger, item));
  }

  async findByIdemKey(idemKey: string): Promise<StoredEntry | undefined> {
    const { ledger, entriesTable, stateTable } = this.tables;
    const record = await this.get(idemItemKey(ledger, idemKey));
    if (record === undefined) return undefined;
    const { chain, seq } = idemCodec.decode(record);
    const found = await readItems(this.tables, this.contention, [
      { table: entriesTable, key: entryKey(ledger, chain, seq) },
      { table: stateTable, key: indexKey(ledger, chain, seq) },
    ]);
    const entry = found.find((item) => 'h' in item);
    const index = found.find((item) => 'i' in item);
    return entry && entryOf(ledger, entry, index && positionOf(index));
  }

  /** Places whose entry is gone are left out; verification names them. */
  async readLog(from: number, limit: number): Promise<readonly LoggedEntry[]> {
    const { ledger, entriesTable: table } = this.tables;
    const places = await this.log.places(from, limit);
    const keys = places.map(({ chain, seq }) => ({ table, key: entryKey(ledger, chain, seq) }));
    const found = await readItems(this.tables, this.contention, keys);
    const entryAt = new Map(found.map((item) => [placeName(item), item]));
    return places.flatMap(({ chain, seq, position }) => {
      const item = entryAt.get(placeName(entryKey(ledger, chain, seq)));
      return item === undefined ? [] : [{ ...entryOf(ledger, item), position }];
    });
  }

  async size(): Promise<number> {
    return this.log.size();
  }

  async get(key: ItemKey): Promise<Item | undefined> {
    const { client, stateTable: TableName } = this.tables;
    const { Item: item } = await client.send(
      new GetItemCommand({ TableName, Key: stateKey(key), ConsistentRead: true }),
    );
    return item && itemOf(item);
  }

  /** DynamoDB sorts by UTF-8 bytes, which differs from JavaScript's order only beyond U+FFFF. */
  async list(
    pk: string,
    options: { readonly prefix?: string; readonly after?: string; readonly limit: number },
  ): Promise<readonly Item[]> {
    const { prefix = '', after = '', limit } = options;
    const from = isBefore(after, prefix) ? prefix : `${after}\0`;
    const to = `${prefix}${LAST_CHARACTER}`;
    if (limit <= 0 || isBefore(to, from)) return [];
    const query = {
      TableName: this.tables.stateTable,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':pk': { S: pk }, ':from': { S: from }, ':to': { S: to } },
    };
    return (await queryItems(this.tables, query, limit)).map(itemOf);
  }

  async write(writes: readonly ItemWrite[]): Promise<{ kind: 'written' } | { kind: 'precondition'; failed: ItemKey }> {
    const folded = foldWrites(writes);
    if ('failed' in folded) return { kind: 'precondition', failed: folded.failed };
    const [only, ...others] = folded.writes;
    if (only !== undefined && others.length === 0 && only.expect === 'any') {
      await this.contention.outlast(() => this.writeAlone(only));
      return { kind: 'written' };
    }
    const [outcome] = await this.commit([{ entries: [], writes }]);
    if (outcome?.kind === 'refused') throw outcome.error;
    return outcome?.kind === 'precondition' ? outcome : { kind: 'written' };
  }

  /** Without a condition a write needs no transaction, at half the cost. Sent twice, a put counts its version twice. */
  private async writeAlone({ key, effect }: FoldedWrite): Promise<void> {
    const { client, stateTable: TableName } = this.tables;
    const Key = stateKey(key);
    if (effect.kind === 'delete') await client.send(new DeleteItemCommand({ TableName, Key }));
    if (effect.kind !== 'put') return;
    await client.send(new UpdateItemCommand({ TableName, ...countingUp(Key, valueAttribute(effect.value)) }));
  }

  private chainQuery(chain: string, from: number) {
    const { ledger, entriesTable: TableName } = this.tables;
    return {
      TableName,
      KeyConditionExpression: 'pk = :pk AND sk >= :from',
      ExpressionAttributeValues: { ':pk': { S: entryPartition(ledger, chain) }, ':from': { N: String(from) } },
    };
  }

  private indexQuery(chain: string, from: number, to: number) {
    const { ledger, stateTable: TableName } = this.tables;
    const [first, last] = [from, Math.min(to, Number.MAX_SAFE_INTEGER)].map((seq) => ({ S: padded(seq) }));
    return {
      TableName,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: {
        ':pk': { S: indexPartition(ledger, chain) },
        ...(first && { ':from': first }),
        ...(last && { ':to': last }),
      },
    };
  }
}

function isBefore(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}

function placeName({ pk, sk }: Attributes): string {
  return `${must(pk?.S, 'the partition key')}\n${must(sk?.N, 'the sort key')}`;
}
