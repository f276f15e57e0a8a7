/**
 * Copies a data folder, while the engine runs or not, into one on which an engine can continue. It copies signed files before
 * the ledger they are about, so the ledger of the copy leads to all of them. It writes under another name and renames the
 * folder last.
 */
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { backup } from 'node:sqlite';
import { LogError } from '../../../core/ledger/index.ts';
import { copyLog, syncTree, writeNew } from './copy-log.ts';
import { ExportError } from './export-error.ts';
import { checkFieldKeys } from '../keys/field-keys.ts';
import { createLogFolder } from '../log/log-folder.ts';
import { syncPath } from '../machine/durable-files.ts';
import { ANCHOR_FOLDER, LOG_FOLDER, WITNESS_FOLDER } from '../log/open-log.ts';
import { identityOf, openForReading } from '../store/sqlite-schema.ts';
import { SqliteStore } from '../store/sqlite-store.ts';

const LEDGER_FILE = 'ledger.db';
const CHECKPOINT = 'checkpoint';
const PUBLIC_KEY = 'root.vkey';
/** All pages in one step: a copy in several would begin anew whenever the engine writes. */
const ALL_PAGES = 2 ** 31 - 1;
/** The publisher removes partial tiles as they fill: then the copy of the log begins anew. */
const LOG_TRIES = 5;
/**
 * Belongs to the process that runs, or (root.count) is only right together with every signature: a key that goes on without
 * its counter is simply not counted.
 */
const LEFT_OUT = /^(ledger\.db(-\w+)?|engine\.lock(-\w+)?|engine\.json|root\.count|.*\.new)$/;
const COPIED_FIRST: ReadonlySet<string> = new Set([ANCHOR_FOLDER, WITNESS_FOLDER, LOG_FOLDER]);

export interface Backup {
  readonly entries: number;
  /** data keys of confidential fields, each opened with the copied field.key */
  readonly fieldKeys: number;
}

/** @throws ExportError, EngineError, LedgerError KEY_FILE_INVALID: nothing stands at `out` then */
export async function backupDataDir(dataDir: string, out: string): Promise<Backup> {
  const target = resolve(out);
  if (existsSync(target)) throw exists(target);
  const partial = `${target}.partial-${process.pid}`;
  await mkdir(dirname(target), { recursive: true });
  await mkdir(partial, { mode: 0o700 });
  try {
    await copyAll(dataDir, partial);
    const made = await check(partial);
    await syncTree(partial);
    if (existsSync(target)) throw exists(target);
    // Dying before this leaves a folder with another name, which nobody takes for a backup.
    await rename(partial, target);
    await syncPath(dirname(target));
    return made;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

async function copyAll(dataDir: string, partial: string): Promise<void> {
  const key = await rootKeyOf(dataDir);
  for (const folder of [WITNESS_FOLDER, ANCHOR_FOLDER])
    if (existsSync(join(dataDir, folder))) await copyFolder(join(dataDir, folder), join(partial, folder));
  await copyPublishedLog(join(dataDir, LOG_FOLDER), partial);
  await copyLedger(dataDir, join(partial, LEDGER_FILE));
  for (const { name } of await readdir(dataDir, { withFileTypes: true }))
    if (!LEFT_OUT.test(name) && !COPIED_FIRST.has(name)) await copyFolder(join(dataDir, name), join(partial, name));
  if ((await rootKeyOf(dataDir)) !== key)
    throw new ExportError({
      code: 'EXPORT_NOT_POSSIBLE',
      message: 'the root key was rotated during the backup: back up again',
    });
}

/** Files keep their modes. What is being written has another name, and is left. */
async function copyFolder(from: string, to: string): Promise<void> {
  await cp(from, to, { recursive: true, preserveTimestamps: true, filter: (path) => !basename(path).endsWith('.new') });
  if ((await stat(to)).isFile()) await syncPath(to);
}

async function copyPublishedLog(from: string, partial: string): Promise<void> {
  const { read } = createLogFolder(from);
  const to = join(partial, LOG_FOLDER);
  for (let tried = 1; ; tried += 1) {
    const note = await read(CHECKPOINT);
    if (note === undefined) return;
    const size = Number(Buffer.from(note).toString('utf8').split('\n', 2)[1]);
    try {
      for await (const _ of copyLog(read, size, { folder: partial, prefix: LOG_FOLDER }));
      await writeNew(partial, `${LOG_FOLDER}/${CHECKPOINT}`, note);
      return;
    } catch (error) {
      if (!(error instanceof LogError) || tried === LOG_TRIES) throw error;
      await rm(to, { recursive: true, force: true });
    }
  }
}

async function copyLedger(dataDir: string, to: string): Promise<void> {
  const db = openForReading(dataDir);
  try {
    await backup(db, to, { rate: ALL_PAGES });
  } finally {
    db.close();
  }
  await syncPath(to);
}

/** The copy as it stands: readable, and its field.key opens every confidential field and every secret of a webhook. */
async function check(folder: string): Promise<Backup> {
  const db = openForReading(folder);
  try {
    const store = new SqliteStore(db);
    const { ledger } = identityOf(db);
    const { fields: fieldKeys } = await checkFieldKeys(folder, { ledger, items: store });
    return { entries: await store.size(), fieldKeys };
  } finally {
    db.close();
  }
}

async function rootKeyOf(dataDir: string): Promise<string> {
  const path = join(dataDir, PUBLIC_KEY);
  return existsSync(path) ? readFile(path, 'utf8') : '';
}

function exists(path: string): ExportError {
  return new ExportError({ code: 'EXPORT_TARGET_EXISTS', message: `"${path}" exists: name a folder that does not` });
}
