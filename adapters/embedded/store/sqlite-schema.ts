/**
 * The one SQLite file: how it is opened and brought up to date, and the lock that keeps a second engine out. Nobody works on
 * a file that has more, or other, than the engine made. Power loss after an acknowledgement loses nothing: WAL with
 * synchronous=FULL (https://www.sqlite.org/pragma.html#pragma_synchronous).
 */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { orBlank } from '../../../core/values/index.ts';
import { EngineError } from '../machine/errors.ts';
import { storedOutside } from './rows-outside.ts';
import { openingTrouble } from '../machine/sqlite-trouble.ts';
import { migrate } from './sqlite-migrate.ts';
import { isKnownVersion, SCHEMA, SCHEMA_VERSION, schemaProblem, STATISTICS } from './sqlite-tables.ts';

const LEDGER_FILE = 'ledger.db';
const LOCK_FILE = 'engine.lock';
/** An engine that is just stopping gets this long to let go. */
const LOCK_WAIT_MS = 3_000;
/** https://www.sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;

/** How a connection writes. Two of one engine wait for each other. */
const WRITING = `PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4000;
  PRAGMA secure_delete = ON; PRAGMA busy_timeout = 10000;`;

export interface LedgerIdentity {
  readonly ledger: string;
  readonly origin: string;
}

/** Opens the file for the one engine that writes it, creating it when there is none. @throws EngineError */
export function openForWriting(dataDir: string, identity: LedgerIdentity): DatabaseSync {
  makeFolder(dataDir);
  const db = openFile(join(dataDir, LEDGER_FILE));
  try {
    db.exec(WRITING);
    if (userVersion(db) === 0 && isEmpty(db)) createSchema(db, identity);
    checkIdentity(db, dataDir, identity);
    const version = userVersion(db);
    if (version < SCHEMA_VERSION) migrate(db, version);
    checkRows(db);
    // SQLite opens a file that may not be written for reading, without a word.
    db.exec(`BEGIN IMMEDIATE; UPDATE meta SET value = value WHERE key = 'ledger'; COMMIT`);
    forgetStatistics(db);
    return db;
  } catch (error) {
    db.close();
    if (error instanceof EngineError) throw error;
    throw openingTrouble(error, dataDir) ?? unreadable(error);
  }
}

/** One more connection of the engine that has just opened the folder for writing, and so has checked it. @throws EngineError */
export function openBesideWriter(dataDir: string): DatabaseSync {
  const db = openFile(join(dataDir, LEDGER_FILE));
  db.exec(WRITING);
  return db;
}

/**
 * What SQLite once counted of the tables, or somebody wrote there, leads its planner astray: where few chains are long it reads
 * all entries to find one. Every statement has its index, so none needs them.
 */
function forgetStatistics(db: DatabaseSync): void {
  const tables = [...STATISTICS].filter((name) => db.prepare('SELECT 1 FROM sqlite_schema WHERE name = ?').get(name));
  const removed = tables.reduce((sum, name) => sum + Number(db.prepare(`DELETE FROM ${name}`).run().changes), 0);
  if (removed > 0) db.exec('ANALYZE sqlite_schema'); // this connection forgets them too
}

/** Opens the file for reading beside a running engine, or on a stopped one. @throws EngineError */
export function openForReading(dataDir: string): DatabaseSync {
  const path = join(dataDir, LEDGER_FILE);
  if (!existsSync(path)) {
    throw new EngineError({
      code: 'DATA_NOT_FOUND',
      message: `there is no ledger in "${dataDir}": name the folder given to --data`,
    });
  }
  const db = openFile(path, { readOnly: true });
  try {
    checkSchema(db, dataDir);
    return db;
  } catch (error) {
    db.close();
    throw error instanceof EngineError ? error : unreadable(error);
  }
}

/** A pipe or a device under the name would make SQLite wait for ever. @throws EngineError DATA_UNREADABLE */
function openFile(path: string, options: { readonly readOnly?: boolean } = {}): DatabaseSync {
  if (existsSync(path) && !statSync(path).isFile()) throw unreadable(new Error(`"${path}" is no file`));
  try {
    return new DatabaseSync(path, options);
  } catch (cause) {
    throw unreadable(cause);
  }
}

export function hasLedger(dataDir: string): boolean {
  return existsSync(join(dataDir, LEDGER_FILE));
}

export function identityOf(db: DatabaseSync): LedgerIdentity {
  const value = (key: string): string =>
    String(orBlank(db.prepare('SELECT value FROM meta WHERE key = ?').get(key)?.['value']));
  return { ledger: value('ledger'), origin: value('origin') };
}

/**
 * Keeps a second engine out of the folder. The operating system releases the lock when the process dies, however it dies.
 * @returns releases the lock
 */
export function lockDataDir(dataDir: string): () => void {
  makeFolder(dataDir);
  const lock = openLock(dataDir);
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;');
  } catch (cause) {
    lock.close();
    if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY)
      throw openingTrouble(cause, dataDir) ?? unreadable(cause);
    throw new EngineError({
      code: 'DATA_LOCKED',
      message: `another engine is running on "${dataDir}": stop it or use another folder`,
      cause,
    });
  }
  return () => lock.close();
}

function openLock(dataDir: string): DatabaseSync {
  try {
    return new DatabaseSync(join(dataDir, LOCK_FILE), { timeout: LOCK_WAIT_MS });
  } catch (cause) {
    throw openingTrouble(cause, dataDir) ?? unreadable(cause);
  }
}

/** @throws EngineError DATA_READ_ONLY */
function makeFolder(dataDir: string): void {
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw openingTrouble(cause, dataDir) ?? unreadable(cause);
  }
}

/** Does an engine hold the folder? Asks without waiting, and changes nothing. */
export function isLocked(dataDir: string): boolean {
  const path = join(dataDir, LOCK_FILE);
  if (!existsSync(path)) return false;
  const lock = new DatabaseSync(path, { readOnly: true, timeout: 0 });
  try {
    lock.exec('SELECT count(*) FROM sqlite_schema');
    return false;
  } catch (error) {
    if ((error as { errcode?: number }).errcode === SQLITE_BUSY) return true;
    throw unreadable(error);
  } finally {
    lock.close();
  }
}

function createSchema(db: DatabaseSync, { ledger, origin }: LedgerIdentity): void {
  db.exec('BEGIN IMMEDIATE');
  db.exec(SCHEMA);
  const put = db.prepare('INSERT INTO meta (key, value) VALUES (?, ?)');
  put.run('ledger', ledger);
  put.run('origin', origin);
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
  db.exec('COMMIT');
}

function checkIdentity(db: DatabaseSync, dataDir: string, wanted: LedgerIdentity): void {
  checkSchema(db, dataDir);
  const found = identityOf(db);
  if (found.ledger !== wanted.ledger || found.origin !== wanted.origin) {
    throw new EngineError({
      code: 'DATA_FOREIGN',
      message: `"${dataDir}" holds ledger "${found.ledger}" of "${found.origin}", the configuration names "${wanted.ledger}" of "${wanted.origin}": use another folder or correct the configuration`,
    });
  }
}

/** @throws EngineError DATA_FOREIGN: another program's; DATA_NEWER: a later release's; DATA_TAMPERED: somebody changed the tables */
function checkSchema(db: DatabaseSync, dataDir: string): void {
  const version = userVersion(db);
  if (version > SCHEMA_VERSION) {
    throw new EngineError({
      code: 'DATA_NEWER',
      message: `"${dataDir}" was written by a newer release (its store has version ${version}, this release knows ${SCHEMA_VERSION}): run that release, or restore the backup from before the upgrade`,
    });
  }
  if (!isKnownVersion(version)) {
    throw new EngineError({
      code: 'DATA_FOREIGN',
      message: `the database in "${dataDir}" is no ledger of this program (store version ${version}): name the folder given to --data`,
    });
  }
  const problem = schemaProblem(db, version);
  if (problem !== undefined) throw changed(`the tables of "${dataDir}" were changed: ${problem}`);
}

/** The file is said to be sound by nobody: a row that the engine could not have written is not worked on. */
function checkRows(db: DatabaseSync): void {
  const outside = storedOutside(db);
  if (outside !== undefined) throw changed(`"${outside.entity}" #${outside.seq}: ${outside.detail}`);
}

function changed(detail: string): EngineError {
  const message = `${detail}: keep the folder as it is, and see docs/auditing.md`;
  return new EngineError({ code: 'DATA_TAMPERED', message });
}

function isEmpty(db: DatabaseSync): boolean {
  return db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
}

function userVersion(db: DatabaseSync): number {
  try {
    return Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
  } catch (cause) {
    throw unreadable(cause);
  }
}

function unreadable(cause: unknown): EngineError {
  return new EngineError({
    code: 'DATA_UNREADABLE',
    message: 'a file of the data folder is not a SQLite database or is damaged: restore it',
    cause,
  });
}
