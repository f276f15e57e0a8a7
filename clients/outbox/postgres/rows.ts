/** The rows of the outbox: take them for a while, and say what became of them. Each function is one statement. */
import { must } from '../../../core/errors/index.ts';
import type { OutboxEvent } from '../publishing/outbox-event.ts';
import type { Queryable } from './enqueue.ts';

export interface Row {
  readonly id: string;
  readonly event: OutboxEvent;
  readonly attempts: number;
}

export interface Parked {
  readonly id: string;
  readonly event: OutboxEvent;
  /** why it was refused, in the words of the ledger */
  readonly problem: string;
  readonly attempts: number;
  readonly enqueuedAt: Date;
  readonly parkedAt: Date;
}

export interface OutboxState {
  /** not published yet, without those that are parked */
  readonly waiting: number;
  readonly parked: number;
  /** s the oldest of those that wait has waited */
  readonly oldestSeconds: number;
}

/** Nobody else gets them, nor later ones of their entities, until the lease ends. In their order. */
export async function takeRows(db: Queryable, relay: string, most: number, leaseMs: number): Promise<readonly Row[]> {
  const { rows } = await db.query('SELECT * FROM nervous_outbox.take($1, $2, $3)', [relay, most, leaseMs]);
  const taken = rows.map(({ taken: id, body, tried }) => ({
    id: String(id),
    event: eventOf(body),
    attempts: Number(tried),
  }));
  return taken.sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
}

/** What is in the ledger needs no row: deleted whoever has taken it meanwhile. */
export async function removeRows(db: Queryable, rows: readonly Row[]): Promise<void> {
  if (rows.length > 0) await db.query('DELETE FROM nervous_outbox.events WHERE id = ANY($1::bigint[])', [ids(rows)]);
}

/** Free again at once: nothing was tried. */
export async function giveBack(db: Queryable, relay: string, rows: readonly Row[]): Promise<void> {
  const back = `UPDATE nervous_outbox.events SET due_at = '-infinity', taken_by = NULL
    WHERE id = ANY($1::bigint[]) AND taken_by = $2`;
  if (rows.length > 0) await db.query(back, [ids(rows), relay]);
}

export async function tryAgainLater(
  db: Queryable,
  relay: string,
  row: Row,
  again: { readonly attempts: number; readonly afterMs: number; readonly reason: string },
): Promise<void> {
  const later = `UPDATE nervous_outbox.events
    SET due_at = clock_timestamp() + $3 * interval '1 millisecond', taken_by = NULL, attempts = $4, problem = $5
    WHERE id = $1 AND taken_by = $2`;
  await db.query(later, [row.id, relay, Math.round(again.afterMs), again.attempts, again.reason]);
}

/** Out of the way, with the reason: later events of its entity go on. */
export async function parkRow(db: Queryable, relay: string, row: Row, reason: string): Promise<void> {
  const park = `UPDATE nervous_outbox.events SET parked_at = clock_timestamp(), taken_by = NULL, attempts = $3, problem = $4
    WHERE id = $1 AND taken_by = $2`;
  await db.query(park, [row.id, relay, row.attempts + 1, reason]);
}

/** Lists what was refused for good, the oldest first. */
export async function parkedEvents(
  db: Queryable,
  { limit = 100 }: { readonly limit?: number } = {},
): Promise<readonly Parked[]> {
  const list = `SELECT id, event::text AS body, problem, attempts, enqueued_at, parked_at
    FROM nervous_outbox.events WHERE parked_at IS NOT NULL ORDER BY id LIMIT $1`;
  const { rows } = await db.query(list, [limit]);
  return rows.map((row) => ({
    id: String(row['id']),
    event: eventOf(row['body']),
    problem: String(row['problem']),
    attempts: Number(row['attempts']),
    enqueuedAt: new Date(row['enqueued_at'] as string),
    parkedAt: new Date(row['parked_at'] as string),
  }));
}

/** Parked events wait again: those with these ids, or all. They come behind what was published meanwhile. @returns how many */
export async function retryParked(db: Queryable, chosen?: readonly string[]): Promise<number> {
  const retry = `UPDATE nervous_outbox.events SET parked_at = NULL, due_at = '-infinity', attempts = 0
    WHERE parked_at IS NOT NULL AND ($1::bigint[] IS NULL OR id = ANY($1::bigint[])) RETURNING id`;
  const { rows } = await db.query(retry, [chosen === undefined ? null : `{${chosen.join(',')}}`]);
  return rows.length;
}

export async function outboxState(db: Queryable): Promise<OutboxState> {
  const count = `SELECT count(*) FILTER (WHERE parked_at IS NULL) AS waiting, count(parked_at) AS parked,
    coalesce(extract(epoch FROM clock_timestamp() - min(enqueued_at) FILTER (WHERE parked_at IS NULL)), 0) AS seconds
    FROM nervous_outbox.events`;
  const [row] = (await db.query(count)).rows;
  const { waiting, parked, seconds } = must(row, 'a count has one row');
  return { waiting: Number(waiting), parked: Number(parked), oldestSeconds: Number(seconds) };
}

export async function installedVersion(db: Queryable): Promise<number | undefined> {
  const { rows } = await db.query("SELECT to_regproc('nervous_outbox.version') IS NOT NULL AS there");
  if (rows[0]?.['there'] !== true) return undefined;
  return Number((await db.query('SELECT nervous_outbox.version() AS version')).rows[0]?.['version']);
}

function ids(rows: readonly Row[]): string {
  return `{${rows.map(({ id }) => id).join(',')}}`;
}

/** As `enqueue` or the user's own SQL wrote it; what is no event is refused by the ledger, and parked. */
function eventOf(body: unknown): OutboxEvent {
  return JSON.parse(String(body)) as OutboxEvent;
}
