/** Walks the whole entries table and names every chain's newest entry. Memory does not grow with the table. */
import { ScanCommand } from '@aws-sdk/client-dynamodb';
import type { Attributes, DynamoTables } from './dynamo-items.ts';

export interface ChainHead {
  readonly chain: string;
  readonly seq: number;
}

/** Pages of chains of this ledger. Entries written meanwhile may be missed. Reads every item of the table once. */
export async function* scanHeads({ client, entriesTable, ledger }: DynamoTables): AsyncGenerator<readonly ChainHead[]> {
  let ExclusiveStartKey: Attributes | undefined;
  let current: ChainHead | undefined;
  do {
    const page = await client.send(
      new ScanCommand({
        TableName: entriesTable,
        ConsistentRead: true,
        ProjectionExpression: 'pk, sk',
        ExclusiveStartKey,
      }),
    );
    const heads: ChainHead[] = [];
    // A scan yields one partition after the other: a chain ends where the next begins. Order within is not relied on.
    for (const { pk, sk } of page.Items ?? []) {
      if (pk?.S?.startsWith(`${ledger}#`) !== true) continue;
      const chain = pk.S.slice(ledger.length + 1);
      const before: ChainHead | undefined = current?.chain === chain ? current : undefined;
      if (before === undefined && current !== undefined) heads.push(current);
      current = { chain, seq: Math.max(Number(sk?.N), before?.seq ?? 0) };
    }
    ExclusiveStartKey = page.LastEvaluatedKey;
    if (ExclusiveStartKey === undefined && current !== undefined) heads.push(current);
    yield heads;
  } while (ExclusiveStartKey !== undefined);
}
