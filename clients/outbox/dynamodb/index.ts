/** An outbox in DynamoDB: an item and its event are written in one transaction, and the table's stream publishes. docs/outbox.md */
export { OUTBOX_ATTRIBUTE, outboxAttribute, outboxItem } from './outbox-item.ts';
export type { OutboxAttribute, OutboxItem, OutboxItemOptions } from './outbox-item.ts';
export { createOutboxStreamHandler } from './stream-handler.ts';
export type {
  OutboxStreamEvent,
  OutboxStreamOptions,
  OutboxStreamRecord,
  OutboxStreamResponse,
  ParkedRecord,
} from './stream-handler.ts';
export type { OutboxEvent, OutboxInput } from '../publishing/outbox-event.ts';
export type { Publisher } from '../publishing/publish-in-order.ts';
