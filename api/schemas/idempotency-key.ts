/** An Idempotency-Key may become an event's id, so it is one. */
export { eventIdSchema as idempotencyKey } from '../../core/events/index.ts';
