/**
 * Capacity units of DynamoDB calls: what the answer reports, or what AWS's rules make of the sizes: a write unit per KB
 * begun, a read unit per 4 KB begun (half if not consistent), twice that in a transaction.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/read-write-operations.html
 */
import { itemBytes, type Attributes } from './dynamo-items.ts';

const WRITE_UNIT_BYTES = 1_024;
const READ_UNIT_BYTES = 4_096;

interface Consumed {
  readonly CapacityUnits?: number;
}

/** undefined: the endpoint does not say. */
export function reportedUnits(output: object): number | undefined {
  const reported = (output as { ConsumedCapacity?: Consumed | readonly Consumed[] }).ConsumedCapacity;
  if (reported === undefined) return undefined;
  const perTable = Array.isArray(reported) ? (reported as readonly Consumed[]) : [reported as Consumed];
  const units = perTable.map(({ CapacityUnits }) => CapacityUnits);
  return units.length > 0 && units.every((one) => one !== undefined) ? units.reduce((a, b) => a + b, 0) : undefined;
}

interface Write {
  readonly Item?: Attributes;
  readonly Key?: Attributes;
  readonly ExpressionAttributeValues?: Attributes;
}

interface Input extends Write {
  readonly TransactItems?: readonly Readonly<Record<string, Write>>[];
  readonly ConsistentRead?: boolean;
  readonly RequestItems?: Readonly<
    Record<string, { readonly Keys?: readonly Attributes[]; readonly ConsistentRead?: boolean }>
  >;
}

interface Output {
  readonly Item?: Attributes;
  readonly Items?: readonly Attributes[];
  readonly Responses?: Readonly<Record<string, readonly Attributes[]>>;
}

/** From the sizes seen here. A deletion or check counts its key only, a projected read what it returned: lower bounds. */
export function computedUnits(command: string | undefined, input: object, output: object): number {
  const sent = input as Input;
  const answered = output as Output;
  const halved = (units: number, consistent = false): number => (consistent ? units : units / 2);
  switch (command?.replace(/Command$/, '')) {
    case 'PutItem':
    case 'UpdateItem':
    case 'DeleteItem':
      return writeUnits(sent);
    case 'TransactWriteItems':
      return 2 * sum((sent.TransactItems ?? []).flatMap((item) => Object.values(item).map(writeUnits)));
    case 'GetItem':
      return halved(readUnits(answered.Item === undefined ? 0 : itemBytes(answered.Item)), sent.ConsistentRead);
    case 'Query':
    case 'Scan':
      return halved(readUnits(sum((answered.Items ?? []).map(itemBytes))), sent.ConsistentRead);
    case 'BatchGetItem':
      return sum(
        Object.entries(sent.RequestItems ?? {}).map(([table, { Keys = [], ConsistentRead }]) => {
          const items = answered.Responses?.[table] ?? [];
          const found = sum(items.map((item) => readUnits(itemBytes(item))));
          return halved(found + Math.max(0, Keys.length - items.length), ConsistentRead);
        }),
      );
    default:
      return 0;
  }
}

function writeUnits({ Item, Key, ExpressionAttributeValues }: Write): number {
  const bytes = Item === undefined ? itemBytes({ ...Key, ...ExpressionAttributeValues }) : itemBytes(Item);
  return Math.max(1, Math.ceil(bytes / WRITE_UNIT_BYTES));
}

function readUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / READ_UNIT_BYTES));
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((a, b) => a + b, 0);
}
