/**
 * What the outbox needs in the user's database: one schema of its own with a table and three functions. The SQL may run at every start and in
 * several processes at once; a later version of it brings the table of each earlier one up to date.
 *
 * Order: `enqueue` locks the entity until the transaction ends, and only then draws the number. So of two transactions the one that
 * commits first has the smaller number, and no smaller number of an entity appears behind a greater one. Nothing is read by
 * a position that a late commit could fall behind: what waits is what is there.
 */
export const OUTBOX_VERSION = 1;
/** What `enqueue` notifies, and a relay listens to. */
export const OUTBOX_CHANNEL = 'nervous_outbox';

/** Entities share so many locks, so that a transaction about a million of them does not fill the database's table of locks. */
const ENTITY_LOCKS = 1_024;
/** First half of our advisory locks: `nerv`. */
const LOCKS = 0x6e657276;
const LOCK_OF_TAKING = -1;
const LOCK_OF_SCHEMA = -2;

/** Run it as a migration, or at each start: `await pool.query(POSTGRES_OUTBOX_SQL)`. Several statements, one transaction. */
export const POSTGRES_OUTBOX_SQL = `
SELECT pg_advisory_xact_lock(${LOCKS}, ${LOCK_OF_SCHEMA});
CREATE SCHEMA IF NOT EXISTS nervous_outbox;
CREATE TABLE IF NOT EXISTS nervous_outbox.events (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  entity text,
  event json NOT NULL CONSTRAINT event_is_named CHECK (event->>'eventId' IS NOT NULL AND event->>'version' IS NOT NULL),
  enqueued_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  due_at timestamptz NOT NULL DEFAULT '-infinity',
  taken_by text,
  attempts integer NOT NULL DEFAULT 0,
  problem text,
  parked_at timestamptz
);
CREATE INDEX IF NOT EXISTS events_waiting ON nervous_outbox.events (id) WHERE parked_at IS NULL;
CREATE INDEX IF NOT EXISTS events_of_entity ON nervous_outbox.events (entity, id) WHERE parked_at IS NULL;
CREATE INDEX IF NOT EXISTS events_parked ON nervous_outbox.events (id) WHERE parked_at IS NOT NULL;

CREATE OR REPLACE FUNCTION nervous_outbox.version() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT ${OUTBOX_VERSION}';

CREATE OR REPLACE FUNCTION nervous_outbox.enqueue(events json) RETURNS void LANGUAGE plpgsql AS $enqueue$
BEGIN
  PERFORM pg_advisory_xact_lock(${LOCKS}, lock) FROM (
    SELECT DISTINCT mod(hashtext(one->>'entityId'), ${ENTITY_LOCKS}) + ${ENTITY_LOCKS} AS lock
    FROM json_array_elements(events) AS one WHERE one->>'entityId' IS NOT NULL ORDER BY lock
  ) AS locks;
  INSERT INTO nervous_outbox.events (entity, event)
    SELECT one->>'entityId', one FROM json_array_elements(events) WITH ORDINALITY AS listed(one, place) ORDER BY place;
  PERFORM pg_notify('${OUTBOX_CHANNEL}', '');
END $enqueue$;

CREATE OR REPLACE FUNCTION nervous_outbox.take(relay text, most integer, lease_ms integer)
RETURNS TABLE (taken bigint, body text, tried integer) LANGUAGE plpgsql AS $take$
DECLARE
  at timestamptz; -- one moment for all rows: a lease that ends while they are looked at has ended for none of them
BEGIN
  PERFORM pg_advisory_xact_lock(${LOCKS}, ${LOCK_OF_TAKING});
  at := clock_timestamp();
  RETURN QUERY
    UPDATE nervous_outbox.events AS chosen SET due_at = at + lease_ms * interval '1 millisecond', taken_by = relay
    WHERE chosen.id IN (
      SELECT waiting.id FROM nervous_outbox.events AS waiting
      WHERE waiting.parked_at IS NULL AND waiting.due_at <= at AND NOT EXISTS (
        SELECT FROM nervous_outbox.events AS earlier
        WHERE earlier.parked_at IS NULL AND earlier.entity = waiting.entity AND earlier.id < waiting.id
          AND earlier.due_at > at)
      ORDER BY waiting.id LIMIT most)
    RETURNING chosen.id, chosen.event::text, chosen.attempts;
END $take$;
`;
