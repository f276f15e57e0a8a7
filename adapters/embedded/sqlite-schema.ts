/**
 * The one SQLite file: its tables, how it is opened, and the lock that keeps a second engine out. Power loss after an
 * acknowledgement loses nothing: WAL with synchronous=FULL (https://www.sqlite.org/pragma.html#pragma_synchronous).
 */
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { EngineError } from './errors.ts';

const SCHEMA_VERSION = 1;
const LEDGER_FILE = 'ledger.db';
const LOCK_FILE = 'engine.lock';
/** An engine that is just stopping gets this long to let go. */
const LOCK_WAIT_MS = 3_000;
/** https://www.sqlite.org/rescode.html#busy */
const SQLITE_BUSY = 5;

/**
 * entries: one row per entry; `note` is the signed note as hashed, `position` the log index in commit order.
 * batches: one row per commit, naming what it added: the commit-order record that shows when an entry is gone.
 * items:   projections (change-sets, documents, subscriptions …), rebuilt from entries in principle.
 */
const SCHEMA = `
  CREATE TABLE entries (
    position INTEGER PRIMARY KEY, chain TEXT NOT NULL, seq INTEGER NOT NULL, note BLOB NOT NULL, hash BLOB NOT NULL
  ) STRICT;
  CREATE UNIQUE INDEX entry_place ON entries (chain, seq);
  CREATE TABLE idempotency (key TEXT PRIMARY KEY, position INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TABLE batches (first INTEGER PRIMARY KEY, places TEXT NOT NULL, hashes BLOB NOT NULL) STRICT;
  CREATE TABLE items (
    pk TEXT NOT NULL, sk TEXT NOT NULL, version INTEGER NOT NULL, value TEXT NOT NULL, PRIMARY KEY (pk, sk)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
`;

export interface LedgerIdentity {
  readonly ledger: string;
  readonly origin: string;
}

/** Opens the file for the one engine that writes it, creating it when there is none. @throws EngineError */
export function openForWriting(dataDir: string, identity: LedgerIdentity): DatabaseSync {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(join(dataDir, LEDGER_FILE));
  try {
    db.exec(
      'PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 4000; PRAGMA secure_delete = ON;',
    );
    if (userVersion(db) === 0) createSchema(db, identity);
    checkIdentity(db, dataDir, identity);
    return db;
  } catch (error) {
    db.close();
    throw error instanceof EngineError ? error : unreadable(error);
  }
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
  const db = new DatabaseSync(path, { readOnly: true });
  checkVersion(db, dataDir);
  return db;
}

export function hasLedger(dataDir: string): boolean {
  return existsSync(join(dataDir, LEDGER_FILE));
}

export function identityOf(db: DatabaseSync): LedgerIdentity {
  const value = (key: string): string =>
    String(db.prepare('SELECT value FROM meta WHERE key = ?').get(key)?.['value'] ?? '');
  return { ledger: value('ledger'), origin: value('origin') };
}

/**
 * Keeps a second engine out of the folder. The operating system releases the lock when the process dies, however it dies.
 * @returns releases the lock
 */
export function lockDataDir(dataDir: string): () => void {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = new DatabaseSync(join(dataDir, LOCK_FILE), { timeout: LOCK_WAIT_MS });
  try {
    lock.exec('PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; COMMIT;');
  } catch (cause) {
    lock.close();
    if ((cause as { errcode?: number }).errcode !== SQLITE_BUSY) throw unreadable(cause);
    throw new EngineError({
      code: 'DATA_LOCKED',
      message: `another engine is running on "${dataDir}": stop it or use another folder`,
      cause,
    });
  }
  return () => lock.close();
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
  checkVersion(db, dataDir);
  const found = identityOf(db);
  if (found.ledger !== wanted.ledger || found.origin !== wanted.origin) {
    throw new EngineError({
      code: 'DATA_FOREIGN',
      message: `"${dataDir}" holds ledger "${found.ledger}" of "${found.origin}", the configuration names "${wanted.ledger}" of "${wanted.origin}": use another folder or correct the configuration`,
    });
  }
}

function checkVersion(db: DatabaseSync, dataDir: string): void {
  const version = userVersion(db);
  if (version !== SCHEMA_VERSION) {
    throw new EngineError({
      code: 'DATA_FOREIGN',
      message: `"${dataDir}" has schema version ${version}, this program reads ${SCHEMA_VERSION}`,
    });
  }
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
