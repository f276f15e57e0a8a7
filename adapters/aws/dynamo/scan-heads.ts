/** Walks the entries table and names every chain's newest entry, from where it was left off. Memory does not grow with the table. */
import { ScanCommand, type ScanCommandOutput } from '@aws-sdk/client-dynamodb';
import { defined, orNone } from '../../../core/values/index.ts';
import { must } from '../../../core/errors/index.ts';
import type { Attributes, DynamoTables } from './dynamo-items.ts';

export interface ChainHead {
  readonly chain: string;
  readonly seq: number;
}

export interface RowOutside {
  readonly chain: string;
  /** as DynamoDB has it */
  readonly sk: string;
}

/** Where a walk was left off: plain JSON. */
export interface ScanCursor {
  /** the item read last */
  readonly after: { readonly pk: string; readonly sk: string };
  /** the chain it was on, whose end was not seen yet */
  readonly current?: ChainHead;
}

export interface HeadsPage {
  readonly heads: readonly ChainHead[];
  /** rows under a number that is no place in a chain: nobody's entries, and no head */
  readonly outside: readonly RowOutside[];
  /** where the rest begins; undefined: this was the last page */
  readonly rest: ScanCursor | undefined;
}

/** Pages of chains of this ledger. Entries written meanwhile may be missed. Reads every item of the table once. */
export async function* scanHeads(
  { client, entriesTable, ledger }: DynamoTables,
  from?: ScanCursor,
): AsyncGenerator<HeadsPage> {
  let ExclusiveStartKey: Attributes | undefined = from && { pk: { S: from.after.pk }, sk: { N: from.after.sk } };
  let current = from?.current;
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
    const outside: RowOutside[] = [];
    // A scan yields one partition after the other: a chain ends where the next begins. Order within is not relied on.
    for (const row of rowsOf(page, ledger)) {
      const { chain, sk } = row;
      const seq = seqOf(sk);
      if (seq === undefined) {
        outside.push(row);
        continue;
      }
      const before: ChainHead | undefined = current?.chain === chain ? current : undefined;
      if (before === undefined && current !== undefined) heads.push(current);
      current = { chain, seq: Math.max(seq, orNone(before?.seq)) };
    }
    ExclusiveStartKey = page.LastEvaluatedKey;
    if (ExclusiveStartKey === undefined && current !== undefined) heads.push(current);
    yield { heads, outside, rest: ExclusiveStartKey && cursorOf(ExclusiveStartKey, current) };
  } while (ExclusiveStartKey !== undefined);
}

/** Those of this ledger. */
function rowsOf({ Items = [] }: Pick<ScanCommandOutput, 'Items'>, ledger: string): readonly RowOutside[] {
  return Items.flatMap(({ pk, sk }) =>
    pk?.S?.startsWith(`${ledger}#`) === true
      ? [{ chain: pk.S.slice(ledger.length + 1), sk: must(sk?.N, 'the sort key') }]
      : [],
  );
}

/** DynamoDB takes any number for a key: below zero, between two, or with more digits than can be counted exactly. */
function seqOf(sk: string): number | undefined {
  const seq = Number(sk);
  return Number.isSafeInteger(seq) && seq >= 0 && seq < Number.MAX_SAFE_INTEGER ? seq : undefined;
}

function cursorOf({ pk, sk }: Attributes, current: ChainHead | undefined): ScanCursor {
  return { after: { pk: must(pk?.S, 'the partition key'), sk: must(sk?.N, 'the sort key') }, ...defined({ current }) };
}
