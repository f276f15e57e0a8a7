/** An outbox in PostgreSQL: a module's row and its event commit together. docs/outbox.md */
export { enqueue, type Queryable } from './enqueue.ts';
export type { OutboxConnection, OutboxPool } from './listen.ts';
export type { OutboxProblem } from './problem.ts';
export { relayPostgresOutbox, type OutboxRelay, type RelayOptions } from './relay.ts';
export { outboxState, parkedEvents, retryParked, type OutboxState, type Parked } from './rows.ts';
export { OUTBOX_VERSION, POSTGRES_OUTBOX_SQL } from './schema.ts';
export type { OutboxEvent, OutboxInput } from '../publishing/outbox-event.ts';
export type { Publisher } from '../publishing/publish-in-order.ts';
