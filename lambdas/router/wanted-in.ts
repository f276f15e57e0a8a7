/** Which subscriptions that are sent to want something of a batch of the entries stream, by its topics alone. */
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { entryOf, type Attributes } from '../../adapters/aws/dynamo/dynamo-items.ts';
import { readEvent, subscriptionMatcher, type DeliveredEvent } from '../../core/events/index.ts';

interface Interested {
  readonly id: string;
  readonly topics: readonly string[];
}

/** @returns their ids; all of them when a record cannot be read, because a wake-up too many does no harm */
export function wantedIn(
  ledger: string,
  { Records }: DynamoDBStreamEvent,
  interested: readonly Interested[],
): readonly string[] {
  const inserted = Records.filter(({ eventName }) => eventName === 'INSERT');
  const events: DeliveredEvent[] = [];
  for (const record of inserted) {
    const event = eventIn(ledger, record);
    if (event === 'unreadable') return interested.map(({ id }) => id);
    if (event !== undefined) events.push(event);
  }
  return interested.filter((one) => events.some(subscriptionMatcher(ledger, one))).map(({ id }) => id);
}

/** Undefined: it is no event, or not of this ledger. */
function eventIn(ledger: string, { dynamodb }: DynamoDBRecord): DeliveredEvent | 'unreadable' | undefined {
  if (dynamodb?.Keys?.['pk']?.S?.startsWith(`${ledger}#`) !== true) return undefined;
  try {
    const read = readEvent(entryOf(ledger, attributesOf(dynamodb.NewImage)));
    return read === undefined || !('reason' in read) ? read?.event : 'unreadable';
  } catch {
    return 'unreadable'; // without an image, or damaged: the log says what it is
  }
}

/** Lambda hands binary over as base64 text, whatever the types say. */
function attributesOf(image: NonNullable<DynamoDBRecord['dynamodb']>['NewImage'] = {}): Attributes {
  return Object.fromEntries(
    Object.entries(image).map(([name, { S, N, B }]) => [
      name,
      B === undefined ? (S === undefined ? { N: String(N) } : { S }) : { B: Buffer.from(B, 'base64') },
    ]),
  );
}
