/**
 * Brings a file up to date, in one transaction: whenever it is interrupted, the file is as it was. Version 1 had no
 * constraints: the same rows come into tables that refuse what cannot be, which no engine wrote. Version 2 had no index of events.
 */
import type { DatabaseSync } from 'node:sqlite';
import { EngineError } from '../machine/errors.ts';
import { EVENT_INDEX, SCHEMA, SCHEMA_VERSION, TABLE_NAMES } from './sqlite-tables.ts';

/** https://www.sqlite.org/rescode.html#constraint */
const SQLITE_CONSTRAINT = 19;
const OLD = 'version_1_';

/** @throws EngineError DATA_TAMPERED, naming the table whose rows do not fit */
export function migrate(db: DatabaseSync, version: number): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    if (version === 1) copyAll(db);
    else db.exec(EVENT_INDEX);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
}

function copyAll(db: DatabaseSync): void {
  db.exec('DROP INDEX entry_place');
  for (const table of TABLE_NAMES) db.exec(`ALTER TABLE ${table} RENAME TO ${OLD}${table}`);
  db.exec(SCHEMA);
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
