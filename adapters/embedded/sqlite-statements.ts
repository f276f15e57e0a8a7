/** Every statement the store runs, prepared once. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

const SQL = {
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  savepoint: 'SAVEPOINT entry_group',
  rollbackToSavepoint: 'ROLLBACK TO entry_group',
  release: 'RELEASE entry_group',
  putEntry: `INSERT INTO entries (position, chain, seq, note, hash) SELECT ?, ?, ?, ?, ?
    WHERE ? = 0 OR EXISTS (SELECT 1 FROM entries WHERE chain = ? AND seq = ?) ON CONFLICT (chain, seq) DO NOTHING`,
  putKey: 'INSERT INTO idempotency (key, position) VALUES (?, ?) ON CONFLICT DO NOTHING',
  deleteKey: 'DELETE FROM idempotency WHERE key = ?',
  putBatch: 'INSERT INTO batches (first, places, hashes) VALUES (?, ?, ?)',
  lastBatch: 'SELECT first, length(hashes) / 32 AS entries FROM batches ORDER BY first DESC LIMIT 1',
  head: 'SELECT * FROM entries WHERE chain = ? ORDER BY seq DESC LIMIT 1',
  readChain: 'SELECT * FROM entries WHERE chain = ? AND seq >= ? ORDER BY seq LIMIT ?',
  findByKey: 'SELECT entries.* FROM idempotency JOIN entries USING (position) WHERE key = ?',
  readLog: 'SELECT * FROM entries WHERE position >= ? ORDER BY position LIMIT ?',
  getItem: 'SELECT * FROM items WHERE pk = ? AND sk = ?',
  itemVersion: 'SELECT version FROM items WHERE pk = ? AND sk = ?',
  listItems: 'SELECT * FROM items WHERE pk = ? AND sk >= ? AND sk < ? AND sk > ? ORDER BY sk LIMIT ?',
  putItem: `INSERT INTO items (pk, sk, version, value) VALUES (?, ?, 1, ?)
    ON CONFLICT (pk, sk) DO UPDATE SET version = version + 1, value = excluded.value`,
  deleteItem: 'DELETE FROM items WHERE pk = ? AND sk = ?',
} as const;

export type Statements = Readonly<Record<keyof typeof SQL, StatementSync>>;

export function prepareStatements(db: DatabaseSync): Statements {
  return Object.fromEntries(Object.entries(SQL).map(([name, sql]) => [name, db.prepare(sql)])) as Statements;
}
