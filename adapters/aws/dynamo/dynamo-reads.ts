/** Reading many items: BatchGetItem in parallel until nothing is left unprocessed, and Query page by page. */
import {
  BatchGetItemCommand,
  QueryCommand,
  type KeysAndAttributes,
  type QueryCommandInput,
} from '@aws-sdk/client-dynamodb';
import { eachSideBySide } from './dynamo-commit.ts';
import type { Contention } from './dynamo-contention.ts';
import type { Attributes, DynamoTables } from './dynamo-items.ts';

/** BatchGetItem takes 100 keys. */
const MAX_KEYS = 100;

export interface KeyIn {
  readonly table: string;
  readonly key: Attributes;
}

/** What is stored under the keys, strongly consistent, in no order; absent items are left out. */
export async function readItems(
  { client }: DynamoTables,
  contention: Contention,
  keys: readonly KeyIn[],
): Promise<readonly Attributes[]> {
  const found: Attributes[] = [];
  const chunks = Array.from({ length: Math.ceil(keys.length / MAX_KEYS) }, (_, i) =>
    keys.slice(i * MAX_KEYS, (i + 1) * MAX_KEYS),
  );
  await eachSideBySide(chunks, (chunk) =>
    contention.exhaust(chunk, async (left) => {
      const { Responses = {}, UnprocessedKeys = {} } = await client.send(
        new BatchGetItemCommand({ RequestItems: requestOf(left) }),
      );
      found.push(...Object.values(Responses).flat());
      return Object.entries(UnprocessedKeys).flatMap(([table, { Keys = [] }]) => Keys.map((key) => ({ table, key })));
    }),
  );
  return found;
}

function requestOf(keys: readonly KeyIn[]): Record<string, KeysAndAttributes> {
  const request: Record<string, { ConsistentRead: true; Keys: Attributes[] }> = {};
  for (const { table, key } of keys) (request[table] ??= { ConsistentRead: true, Keys: [] }).Keys.push(key);
  return request;
}

/** At most `limit` items of a query, over pages of 1 MB, strongly consistent. */
export async function queryItems(
  { client }: DynamoTables,
  query: Omit<QueryCommandInput, 'Limit' | 'ExclusiveStartKey' | 'ConsistentRead'>,
  limit: number,
): Promise<readonly Attributes[]> {
  const items: Attributes[] = [];
  let ExclusiveStartKey: Attributes | undefined;
  while (items.length < limit) {
    const Limit = limit - items.length;
    const page = await client.send(new QueryCommand({ ...query, ConsistentRead: true, Limit, ExclusiveStartKey }));
    items.push(...(page.Items ?? []));
    ExclusiveStartKey = page.LastEvaluatedKey;
    if (ExclusiveStartKey === undefined) break;
  }
  return items;
}
