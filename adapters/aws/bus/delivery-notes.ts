/**
 * What is remembered of deliveries that did not go smoothly: each try that failed or was skipped, and the success after
 * failures. A delivery at the first try writes nothing. The table forgets notes by itself; a lost one costs a line of a trace.
 */
import { GetItemCommand, UpdateItemCommand, type AttributeValue, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { msOf } from '../../../core/brands/index.ts';
import { deliveryAttemptSchema, type DeliveryAttempt, type Subscription } from '../../../core/events/index.ts';
import { codecOf, MS_PER_SECOND } from '../../../core/values/index.ts';

/** As long as SQS keeps an event. */
const KEPT_SECONDS = 14 * 86_400;
const SEQ_DIGITS = 16;
const PARALLEL_CALLS = 20;

/** Of an event. */
export interface Place {
  readonly chain: string;
  readonly seq: number;
}

/** A removed subscription and a new one of the same id are two. */
export type Noted = Pick<Subscription, 'id' | 'createdAt'>;

export interface DeliveryNotes {
  /** Adds the same line to the notes on each of these events. */
  add(subscription: Noted, places: readonly Place[], attempt: DeliveryAttempt): Promise<void>;
  /** @returns what was noted, oldest first */
  read(subscription: Noted, place: Place): Promise<readonly DeliveryAttempt[]>;
}

export const attemptCodec = codecOf<DeliveryAttempt>('note on deliveries', deliveryAttemptSchema);

export interface DynamoDeliveryNotesOptions {
  readonly client: DynamoDBClient;
  readonly stateTable: string;
  readonly ledger: string;
}

export class DynamoDeliveryNotes implements DeliveryNotes {
  private readonly options: DynamoDeliveryNotesOptions;

  constructor(options: DynamoDeliveryNotesOptions) {
    this.options = options;
  }

  async add(subscription: Noted, places: readonly Place[], attempt: DeliveryAttempt): Promise<void> {
    for (let i = 0; i < places.length; i += PARALLEL_CALLS)
      await Promise.all(
        places.slice(i, i + PARALLEL_CALLS).map((place) => this.append(this.keyOf(subscription, place), attempt)),
      );
  }

  async read(subscription: Noted, place: Place): Promise<readonly DeliveryAttempt[]> {
    const { client, stateTable: TableName } = this.options;
    const { Item } = await client.send(new GetItemCommand({ TableName, Key: this.keyOf(subscription, place) }));
    return Item === undefined ? [] : attemptsOf(Item);
  }

  private async append(Key: Record<string, AttributeValue>, attempt: DeliveryAttempt): Promise<void> {
    const { client, stateTable: TableName } = this.options;
    const expires = Math.floor(msOf(attempt.at) / MS_PER_SECOND) + KEPT_SECONDS;
    await client.send(
      new UpdateItemCommand({
        ...{ TableName, Key },
        UpdateExpression: 'SET a = list_append(if_not_exists(a, :none), :one), #ttl = :ttl',
        ExpressionAttributeNames: { '#ttl': 'ttl' },
        ExpressionAttributeValues: {
          ':none': { L: [] },
          ':one': { L: [{ S: JSON.stringify(attempt) }] },
          ':ttl': { N: String(expires) },
        },
      }),
    );
  }

  private keyOf({ id, createdAt }: Noted, { chain, seq }: Place): Record<string, AttributeValue> {
    const { ledger } = this.options;
    const sk = `${chain}#${String(seq).padStart(SEQ_DIGITS, '0')}`;
    return { pk: { S: `${ledger}#note#${id}#${createdAt}` }, sk: { S: sk } };
  }
}

/** @throws UnreadableError */
function attemptsOf({ pk, sk, a }: Record<string, AttributeValue>): readonly DeliveryAttempt[] {
  const place = { pk: String(pk?.S), sk: String(sk?.S) };
  const noted = a?.L ?? [undefined]; // there is no note without a line
  return noted.map((line) => attemptCodec.decode({ ...place, value: parsedOrNothing(line?.S) }));
}

function parsedOrNothing(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined; // no JSON: nothing that could be a note
  }
}
