/**
 * Every statement the store runs, prepared once. Entries are read only within the log, positions 0 to its end: a row that
 * somebody put elsewhere is nobody's head and no part of a chain. `+position` is no use to SQLite's planner: where few chains are
 * long, it would rather read the whole table in order of positions than a chain by its index.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { RECORDED_END } from './rows-outside.ts';
import { EVENT_KEY } from './sqlite-tables.ts';

const SQL = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  savepoint: 'SAVEPOINT entry_group',
  rollbackToSavepoint: 'ROLLBACK TO entry_group',
  release: 'RELEASE entry_group',
  putEntry: `INSERT INTO entries (position, chain, seq, note, hash) SELECT ?, ?, ?, ?, ?
    WHERE ? = 0 OR EXISTS (SELECT 1 FROM entries WHERE chain = ? AND seq = ? AND position BETWEEN 0 AND ?)
    ON CONFLICT (chain, seq) DO NOTHING`,
  putKey: 'INSERT INTO idempotency (key, position) VALUES (?, ?) ON CONFLICT DO NOTHING',
  deleteKey: 'DELETE FROM idempotency WHERE key = ?',
  putBatch: 'INSERT INTO batches (first, places, hashes) VALUES (?, ?, ?)',
  recordedEnd: `SELECT ${RECORDED_END} AS size`,
  addedSince: 'SELECT count(*) AS entries, max(position) AS last FROM entries WHERE position >= ?',
  hashAt: 'SELECT hash FROM entries WHERE position = ?',
  batchAt: 'SELECT hashes FROM batches WHERE first = ?',
  keyPosition: 'SELECT position FROM idempotency WHERE key = ?',
  schemaVersion: 'PRAGMA schema_version',
  head: 'SELECT * FROM entries WHERE chain = ? AND +position BETWEEN 0 AND ? ORDER BY seq DESC LIMIT 1',
  readChain: 'SELECT * FROM entries WHERE chain = ? AND seq >= ? AND +position BETWEEN 0 AND ? ORDER BY seq LIMIT ?',
  taken: 'SELECT position FROM entries WHERE chain = ? AND seq = ?',
  findByKey:
    'SELECT entries.* FROM idempotency JOIN entries USING (position) WHERE key = ? AND position BETWEEN 0 AND ?',
  findEvent: `SELECT * FROM entries WHERE ${EVENT_KEY} = ? AND +position BETWEEN 0 AND ? ORDER BY +position LIMIT 1`,
  readLog: 'SELECT * FROM entries WHERE position BETWEEN ? AND ? ORDER BY position LIMIT ?',
  getItem: 'SELECT * FROM items WHERE pk = ? AND sk = ?',
  itemVersion: 'SELECT version FROM items WHERE pk = ? AND sk = ?',
  listItems: 'SELECT * FROM items WHERE pk = ? AND sk >= ? AND sk < ? AND sk > ? ORDER BY sk LIMIT ?',
  putItem: `INSERT INTO items (pk, sk, version, value) VALUES (?, ?, 1, ?)
    ON CONFLICT (pk, sk) DO UPDATE SET version = version + 1, value = excluded.value`,
  probe: `UPDATE meta SET value = value WHERE key = 'ledger'`,
  deleteItem: 'DELETE FROM items WHERE pk = ? AND sk = ?',
} as const;

export type Statements = Readonly<Record<keyof typeof SQL, StatementSync>>;

export function prepareStatements(db: DatabaseSync): Statements {
  return Object.fromEntries(Object.entries(SQL).map(([name, sql]) => [name, db.prepare(sql)])) as Statements;
}
