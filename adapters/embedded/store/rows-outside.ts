/**
 * Rows that cannot belong to the log: before its first position, behind its last, or numbered beyond what can be counted.
 * The engine wrote none of them, and takes none of them for the end of anything.
 */
import type { DatabaseSync, SQLOutputValue } from 'node:sqlite';
import { findingAt, logFinding, type Finding } from '../../../core/ledger/index.ts';
import { must } from '../../../core/errors/index.ts';
import { MAX_INDEX } from './sqlite-tables.ts';

const FILE = 'ledger.db';

/** One past the last position that the commit-order record knows; what it cannot have written does not count. */
export const RECORDED_END = `coalesce((SELECT first + length(hashes) / 32 FROM batches
  WHERE first BETWEEN 0 AND ${MAX_INDEX} ORDER BY first DESC LIMIT 1), 0)`;

/** One past the last position that the log can have: as recorded, or as an idempotency key says. */
export function endOfLog(db: DatabaseSync): number {
  const sane = `SELECT max(position) + 1 FROM idempotency WHERE position BETWEEN 0 AND ${MAX_INDEX}`;
  const row = db.prepare(`SELECT max(${RECORDED_END}, coalesce((${sane}), 0)) AS size`).get();
  return Number(must(row?.['size'], 'the size of the log'));
}

/** One past the last entry within the log, however far the record says that it goes: for who takes what there is. */
export function endOfEntries(db: DatabaseSync): number {
  const last = `SELECT max(position) FROM entries WHERE position >= 0 AND position < ${RECORDED_END}`;
  return Number(must(db.prepare(`SELECT coalesce((${last}), -1) + 1 AS size`).get()?.['size'], 'the size of the log'));
}

/** The first of them in the order of positions, if there is one. For a connection without an open transaction. */
export function rowOutside(db: DatabaseSync): Finding | undefined {
  return inSnapshot(db, () => {
    const size = endOfLog(db);
    return entryOutside(db, size) ?? batchOutside(db) ?? keyOutside(db, size);
  });
}

/** The same without idempotency keys, which takes index look-ups only: for every start of an engine. */
export function storedOutside(db: DatabaseSync): Finding | undefined {
  return inSnapshot(db, () => {
    const row = db.prepare(`SELECT ${RECORDED_END} AS size`).get();
    return entryOutside(db, Number(must(row?.['size'], 'the size of the log'))) ?? batchOutside(db);
  });
}

/** The end and what lies behind it must be of one moment: an engine that records in between adds honest rows behind the old end. */
function inSnapshot<T>(db: DatabaseSync, read: () => T): T {
  db.exec('BEGIN');
  try {
    return read();
  } finally {
    db.exec('ROLLBACK');
  }
}

function entryOutside(db: DatabaseSync, size: number): Finding | undefined {
  const select = 'SELECT position, chain, seq FROM entries WHERE position';
  const row =
    first(db, `${select} < 0 ORDER BY position LIMIT 1`) ?? first(db, `${select} >= ${size} ORDER BY position LIMIT 1`);
  if (row === undefined) return undefined;
  const [position, seq] = [row['position'] as bigint, row['seq'] as bigint];
  const place = { chain: String(row['chain']), seq: Number(seq) };
  if (position > MAX_INDEX) return findingAt(place, 'UNREADABLE', `position ${position} is no log index`);
  const detail = `stored at position ${position}, outside the log, which has positions 0 to ${size - 1}`;
  return findingAt({ ...place, position: Number(position) }, 'LINK_BROKEN', detail);
}

function batchOutside(db: DatabaseSync): Finding | undefined {
  const row = first(db, `SELECT first FROM batches WHERE first < 0 OR first > ${MAX_INDEX} LIMIT 1`);
  return (
    row && logFinding('UNREADABLE', `the commit-order record has a row at ${String(row['first'])}`, { path: FILE })
  );
}

/** A key for a position that nothing was ever stored at is no way to find an entry. */
function keyOutside(db: DatabaseSync, size: number): Finding | undefined {
  const row = first(
    db,
    `SELECT key, position FROM idempotency WHERE position < 0 OR position >= ${size} ORDER BY position LIMIT 1`,
  );
  if (row === undefined) return undefined;
  const detail = `the idempotency key "${String(row['key']).slice(0, 200)}" stands for position ${String(row['position'])}`;
  return logFinding('UNREADABLE', detail, { path: FILE });
}

/** Whole numbers come as bigints: SQLite's have 64 bits. */
function first(db: DatabaseSync, sql: string): Record<string, SQLOutputValue> | undefined {
  const statement = db.prepare(sql);
  statement.setReadBigInts(true);
  return statement.get();
}
