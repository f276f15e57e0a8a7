/** Writes events down in the user's own transaction: they commit with it, or they never were. */
import type { NervousConfig } from '../../../core/system/index.ts';
import { outboxEvent, type OutboxInput } from '../publishing/outbox-event.ts';

/** Whatever runs SQL with `$1`: a client or pool of `pg`, or one that answers alike. */
export interface Queryable {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly Readonly<Record<string, unknown>>[] }>;
}

/**
 * Call it last in the transaction, once with all its events: until the transaction ends, others that write down events of the same
 * entities wait.
 * @param client the connection on which the transaction is open, not a pool
 * @returns the events' ids
 */
export async function enqueue<C extends NervousConfig = NervousConfig>(
  client: Queryable,
  ...events: readonly OutboxInput<C>[]
): Promise<readonly string[]> {
  const waiting = events.map((event) => outboxEvent(event));
  if (waiting.length > 0) await client.query('SELECT nervous_outbox.enqueue($1::json)', [JSON.stringify(waiting)]);
  return waiting.map(({ eventId }) => eventId);
}
