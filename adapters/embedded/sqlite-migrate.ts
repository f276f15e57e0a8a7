/**
 * Brings a file of version 1, which had no constraints, up to date: the same rows in tables that refuse what cannot be. One
 * transaction: whenever it is interrupted, the file is as it was. What the new tables refuse was never written by an engine.
 */
import type { DatabaseSync } from 'node:sqlite';
import { EngineError } from './errors.ts';
import { SCHEMA, SCHEMA_VERSION, TABLE_NAMES } from './sqlite-tables.ts';

/** https://www.sqlite.org/rescode.html#constraint */
const SQLITE_CONSTRAINT = 19;
const OLD = 'version_1_';

/** @throws EngineError DATA_TAMPERED, naming the table whose rows do not fit */
export function migrateFromVersion1(db: DatabaseSync): void {
  db.exec('BEGIN IMMEDIATE');
  try {
    db.exec('DROP INDEX entry_place');
    for (const table of TABLE_NAMES) db.exec(`ALTER TABLE ${table} RENAME TO ${OLD}${table}`);
    db.exec(SCHEMA);
    for (const table of TABLE_NAMES) copy(db, table);
    db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
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
