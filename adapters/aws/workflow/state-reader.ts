/** The state table for functions that may only read it: their bundle holds no command that writes, and so does their role. */
import { GetItemCommand, QueryCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { ItemStore } from '../../../core/ledger/index.ts';
import { itemOf, stateKey, type Attributes } from '../dynamo/dynamo-items.ts';

/** Sorts after every key that begins with the text before it. */
const LAST_CHARACTER = '\u{10FFFF}';

export function createStateReader(table: {
  readonly client: DynamoDBClient;
  readonly stateTable: string;
}): Pick<ItemStore, 'get' | 'list'> {
  const { client, stateTable: TableName } = table;
  return {
    get: async (key) => {
      const { Item } = await client.send(new GetItemCommand({ TableName, Key: stateKey(key), ConsistentRead: true }));
      return Item && itemOf(Item);
    },
    list: async (pk, { prefix = '', after = '', limit }) => {
      const from = after < prefix ? prefix : `${after}\0`;
      const values = { ':pk': { S: pk }, ':from': { S: from }, ':to': { S: `${prefix}${LAST_CHARACTER}` } };
      const found: Attributes[] = [];
      let ExclusiveStartKey: Attributes | undefined;
      do {
        const page = await client.send(
          new QueryCommand({
            ...{ TableName, ExclusiveStartKey, ConsistentRead: true, Limit: limit - found.length },
            KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
            ExpressionAttributeValues: values,
          }),
        );
        found.push(...(page.Items ?? []));
        ExclusiveStartKey = page.LastEvaluatedKey;
      } while (ExclusiveStartKey !== undefined && found.length < limit);
      return found.map(itemOf);
    },
  };
}
