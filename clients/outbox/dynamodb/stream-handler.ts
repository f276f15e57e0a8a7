/**
 * The handler of a Lambda function on the table's stream: publishes the events that records bring, and names the records that have to come
 * again. Lambda goes on from the first of them, so what was published behind it comes again, too, as a duplicate.
 */
import type { OutboxEvent } from '../publishing/outbox-event.ts';
import { publishInOrder, type Outcome, type Publisher, type Waiting } from '../publishing/publish-in-order.ts';
import { OUTBOX_ATTRIBUTE } from './outbox-item.ts';

/** What of a `DynamoDBStreamEvent` is read. */
export interface OutboxStreamEvent {
  readonly Records: readonly OutboxStreamRecord[];
}

export interface OutboxStreamRecord {
  readonly dynamodb?: {
    readonly SequenceNumber?: string;
    /** the stream's view type must be NEW_IMAGE or NEW_AND_OLD_IMAGES */
    readonly NewImage?: Readonly<Record<string, object>>;
  };
}

/** Set `ReportBatchItemFailures` on the event source, so that Lambda reads it. */
export interface OutboxStreamResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** An event that the ledger refuses, or a record with an event that cannot be read. */
export interface ParkedRecord {
  readonly sequenceNumber: string;
  readonly eventId?: string;
  readonly problem: string;
  /** as it stood in the item */
  readonly event: string;
}

export interface OutboxStreamOptions {
  readonly client: Publisher;
  /** Keeps what will never be taken, where somebody finds it: a queue, a table. When it throws, the record comes again. */
  readonly park: (record: ParkedRecord) => Promise<unknown>;
  /** told why records come again; default: a line on stderr */
  readonly onProblem?: (message: string) => void;
}

interface Arrived extends Waiting {
  readonly sequenceNumber: string;
  readonly text: string;
}

type Read = Arrived | ParkedRecord;

export function createOutboxStreamHandler({
  client,
  park,
  onProblem = (message) => process.emitWarning(message, { type: 'OutboxWarning', code: 'NERVOUS_OUTBOX_LATER' }),
}: OutboxStreamOptions): (event: OutboxStreamEvent) => Promise<OutboxStreamResponse> {
  return async ({ Records }) => {
    const read = Records.flatMap(readRecord);
    const arrived = read.filter((one) => 'text' in one);
    const { outcomes, halted } = await publishInOrder(client, arrived);
    if (halted !== undefined) onProblem(halted.message);
    const failed: string[] = [];
    for (const one of read) {
      const outcome = 'text' in one ? outcomes.get(one) : undefined;
      const parked = 'text' in one ? refused(one, outcome) : one;
      if (outcome?.kind === 'later') onProblem(`${one.sequenceNumber}: ${outcome.reason}`);
      const isDone = parked === undefined ? outcome?.kind === 'done' : await isKept(park, parked, onProblem);
      if (!isDone) failed.push(one.sequenceNumber);
    }
    return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
  };
}

/** A deletion, by the table's TTL or by anybody, has no new image, and other items have no event: both bring nothing. */
function readRecord({ dynamodb = {} }: OutboxStreamRecord): Read[] {
  const { SequenceNumber: sequenceNumber = '', NewImage = {} } = dynamodb;
  const { S: text } = (NewImage[OUTBOX_ATTRIBUTE] ?? {}) as { readonly S?: unknown };
  if (typeof text !== 'string') return [];
  try {
    const event = JSON.parse(text) as OutboxEvent | null;
    if (typeof event?.eventId === 'string') return [{ sequenceNumber, text, event }];
  } catch {
    // what is no JSON has no event id, either
  }
  const problem = `the attribute ${OUTBOX_ATTRIBUTE} is not an event with an eventId: write it with outboxItem`;
  return [{ sequenceNumber, problem, event: text }];
}

function refused({ sequenceNumber, text, event }: Arrived, outcome: Outcome | undefined): ParkedRecord | undefined {
  if (outcome?.kind !== 'refused') return undefined;
  return { sequenceNumber, eventId: event.eventId, problem: outcome.reason, event: text };
}

async function isKept(
  park: OutboxStreamOptions['park'],
  record: ParkedRecord,
  onProblem: (message: string) => void,
): Promise<boolean> {
  try {
    await park(record);
    return true;
  } catch (error) {
    onProblem(`${record.sequenceNumber} could not be parked: ${String(error)}`);
    return false;
  }
}
