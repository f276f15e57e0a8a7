/**
 * An event as an attribute of an item, in the form in which DynamoDB's API takes items. The item is written with the user's own, in one
 * `TransactWriteItems`; the table's stream then brings it to the handler.
 */
import type { NervousConfig } from '../../../core/system/index.ts';
import { outboxEvent, type OutboxEvent, type OutboxInput } from '../publishing/outbox-event.ts';

/** Where an item has its event. */
export const OUTBOX_ATTRIBUTE = 'nervousOutbox';
/** Set it as the table's TTL attribute, or name yours. */
const EXPIRY_ATTRIBUTE = 'expiresAt';
/** Longer than a stream keeps its records, so that what failed can be looked at. */
const DEFAULT_DAYS = 7;
const SECONDS_PER_DAY = 86_400;
const KEY_PREFIX = 'nervous-outbox#';

/** text and numbers, as in `{ S: 'text' }` and `{ N: '1' }` */
export type OutboxAttribute = { readonly S: string } | { readonly N: string };
export type OutboxItem = Readonly<Record<string, OutboxAttribute>>;

export interface OutboxItemOptions {
  /** names of the table's keys; default `pk` and `sk` */
  readonly keys?: { readonly partition: string; readonly sort?: string };
  /** the attribute by which the table deletes what is old; default `expiresAt` */
  readonly expiry?: string;
  /** days until then, default 7 */
  readonly days?: number;
}

/** An item for the event alone: `{ Put: { TableName, Item: outboxItem(event) } }`. Items of one entity have one partition key. */
export function outboxItem<C extends NervousConfig = NervousConfig>(
  input: OutboxInput<C>,
  options: OutboxItemOptions = {},
): OutboxItem {
  const { keys = { partition: 'pk', sort: 'sk' }, expiry = EXPIRY_ATTRIBUTE, days = DEFAULT_DAYS } = options;
  const event = outboxEvent(input);
  const { eventId, entityId = eventId } = event;
  const expiresAt = Math.floor(Date.now() / 1000) + days * SECONDS_PER_DAY;
  const own = `${KEY_PREFIX}${keys.sort === undefined ? eventId : entityId}`;
  return {
    [keys.partition]: { S: own },
    ...(keys.sort === undefined ? {} : { [keys.sort]: { S: eventId } }),
    [expiry]: { N: String(expiresAt) },
    ...attributeOf(event),
  };
}

/** For an item of the user's own: the newest event about it, written with it. The order per item is then DynamoDB's promise. */
export function outboxAttribute<C extends NervousConfig = NervousConfig>(input: OutboxInput<C>): OutboxItem {
  return attributeOf(outboxEvent(input));
}

function attributeOf(event: OutboxEvent): OutboxItem {
  return { [OUTBOX_ATTRIBUTE]: { S: JSON.stringify(event) } };
}
