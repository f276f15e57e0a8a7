/**
 * Brings a file up to date, one version after the other, each in one transaction: whenever it is interrupted, the file has one version
 * or the next, with every row, and the next opening goes on. A migration is never changed once it was released: a later one follows it.
 */
import type { DatabaseSync } from 'node:sqlite';
import { EngineError } from '../machine/errors.ts';
import { EVENT_INDEX, schemaOf, TABLE_NAMES } from './sqlite-tables.ts';

/** https://www.sqlite.org/rescode.html#constraint */
const SQLITE_CONSTRAINT = 19;
const OLD = 'version_1_';

export interface Migration {
  /** the version that the file has afterwards; before, it has the one below */
  readonly to: number;
  readonly what: string;
  readonly run: (db: DatabaseSync) => void;
}

export const MIGRATIONS: readonly Migration[] = [
  { to: 2, what: 'tables refuse rows that no engine wrote', run: copyAll },
  { to: 3, what: 'events are found by their idempotency key in their entries', run: (db) => db.exec(EVENT_INDEX) },
];

/** @param version that the file has. @throws EngineError DATA_TAMPERED, naming the table whose rows do not fit */
export function migrate(db: DatabaseSync, version: number): void {
  for (const { to, run } of MIGRATIONS) {
    if (to <= version) continue;
    db.exec('BEGIN IMMEDIATE');
    try {
      run(db);
      db.exec(`PRAGMA user_version = ${to}`);
      db.exec('COMMIT');
    } catch (error) {
      if (db.isTransaction) db.exec('ROLLBACK');
      throw error;
    }
  }
}

function copyAll(db: DatabaseSync): void {
  db.exec('DROP INDEX entry_place');
  for (const table of TABLE_NAMES) db.exec(`ALTER TABLE ${table} RENAME TO ${OLD}${table}`);
  db.exec(schemaOf(2));
  for (const table of TABLE_NAMES) copy(db, table);
}

function copy(db: DatabaseSync, table: string): void {
  try {
    db.exec(`INSERT INTO ${table} SELECT * FROM ${OLD}${table}`);
  } catch (cause) {
    if ((Number((cause as { errcode?: unknown }).errcode) & 0xff) !== SQLITE_CONSTRAINT) throw cause;
    const message = `a row of "${table}" cannot be the engine's own (${(cause as Error).message}): verify the folder with "nervous verify full --data <dir>"`;
    throw new EngineError({ code: 'DATA_TAMPERED', message, cause });
  }
  db.exec(`DROP TABLE ${OLD}${table}`);
}
