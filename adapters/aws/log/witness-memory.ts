/** What the witness saw last of a log, out of its table: one item a log. */
import { GetItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { WitnessMemory } from '../../../core/ledger/index.ts';
import { AwsError } from '../request/errors.ts';

const ROOT_BYTES = 32;

export interface WitnessTableOptions {
  readonly client: DynamoDBClient;
  readonly table: string;
}

/** Strongly consistent. It rejects with AwsError DATA_UNREADABLE when the item is no memory. */
export function readWitnessTable({ client, table: TableName }: WitnessTableOptions): WitnessMemory['load'] {
  return async (origin) => {
    const key = { TableName, Key: { pk: { S: origin } }, ConsistentRead: true };
    const { Item } = await client.send(new GetItemCommand(key));
    if (Item === undefined) return undefined;
    const [size, root] = [Number(Item['n']?.N), Item['r']?.B];
    if (Number.isSafeInteger(size) && size >= 0 && root?.length === ROOT_BYTES) return { size, root };
    const message = `what the witness remembers of "${origin}" is damaged: restore its table, never start it anew`;
    throw new AwsError({ code: 'DATA_UNREADABLE', message });
  };
}
