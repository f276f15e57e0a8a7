/**
 * Exports a data folder, running or stopped: a copy of the log at one checkpoint with everything that is needed to verify and
 * to restore it, and nothing secret. It is made beside its place and gets its name last: what has the name is whole.
 */
import { mkdir, rename, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { dirname, join, resolve } from 'node:path';
import { isoOf } from '../../../core/brands/index.ts';
import {
  createLogPublisher,
  EXPORT_FILES,
  EXPORT_FORMAT,
  formatVerifierKey,
  LogError,
  logOrigin,
  logSigner,
  openCheckpoint,
  TILE_WIDTH,
  type AnchorStore,
  type ExportManifest,
  type OpenedCheckpoint,
} from '../../../core/ledger/index.ts';
import { createAnchorFolder } from '../log/anchor-folder.ts';
import { readIfThere, syncPath } from '../machine/durable-files.ts';
import { anchorPlace, readIncarnations } from '../log/incarnations.ts';
import { createLogFolder } from '../log/log-folder.ts';
import { ANCHOR_FOLDER, LOG_FOLDER, WITNESS_FOLDER } from '../log/open-log.ts';
import { openRootKey, readRootPublicKey } from '../keys/root-key.ts';
import { readRootHistory } from '../keys/root-keys.ts';
import { identityOf, lockDataDir, openForReading } from '../store/sqlite-schema.ts';
import { SqliteStore } from '../store/sqlite-store.ts';
import { systemClock } from '../machine/system-clock.ts';
import { EngineError } from '../machine/errors.ts';
import { copyLog, syncTree, writeNew, type WrittenFile } from './copy-log.ts';
import { ExportError } from './export-error.ts';
import { idempotencyLines, sensitiveLines } from './export-rows.ts';

const CHECKPOINT = 'checkpoint';
const ROOT_KEY = 'root.key';
const ANCHOR_PAGE = 100_000;
const ANCHOR_DIGITS = 20;

export interface ExportOptions {
  readonly dataDir: string;
  /** a folder that does not exist yet */
  readonly out: string;
  /** default: `anchors` in the data folder */
  readonly anchorsDir?: string;
  /** with the confidential fields, still encrypted; default false */
  readonly withSensitive?: boolean;
  /** called as entries are copied */
  readonly onProgress?: (far: { readonly entries: number; readonly of: number }) => void;
}

/** @throws ExportError, EngineError, LogError: nothing stands at `out` then */
export async function exportDataDir(options: ExportOptions): Promise<ExportManifest> {
  const out = resolve(options.out);
  if (existsSync(out)) throw exists(out);
  const db = openForReading(options.dataDir);
  const partial = `${out}.partial-${process.pid}`;
  try {
    const source = await openSource(options, db);
    await mkdir(dirname(out), { recursive: true });
    await mkdir(partial);
    const manifest = await writeAll(source, partial);
    await syncTree(partial);
    // Dying before this leaves a folder with another name, which nothing takes for an export.
    if (existsSync(out)) throw exists(out);
    await rename(partial, out);
    await syncPath(dirname(out));
    return manifest;
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error instanceof LogError ? notPossible(`${error.message}: verify the data folder`) : error;
  } finally {
    db.close();
  }
}

type Database = ReturnType<typeof openForReading>;

interface Source extends ExportOptions {
  readonly db: Database;
  readonly ledger: string;
  readonly origin: string;
  readonly incarnations: readonly number[];
  readonly rootKey: ReturnType<typeof readRootPublicKey>;
  readonly anchors: AnchorStore;
}

async function openSource(options: ExportOptions, db: Database): Promise<Source> {
  const { dataDir } = options;
  const incarnations = readIncarnations(db);
  const anchors = createAnchorFolder(anchorPlace(options.anchorsDir ?? join(dataDir, ANCHOR_FOLDER), incarnations));
  const source = { ...options, db, ...identityOf(db), incarnations, rootKey: readRootPublicKey(dataDir), anchors };
  await publishRest(source);
  return source;
}

/** What a stopped engine did not come to publish is published now; a running one does so itself, within a second. */
async function publishRest({ dataDir, db, origin, incarnations, anchors }: Source): Promise<void> {
  if (!existsSync(join(dataDir, ROOT_KEY))) return;
  const files = createLogFolder(join(dataDir, LOG_FOLDER));
  const entries = new SqliteStore(db, { readOnly: true });
  const published = Number(
    Buffer.from((await files.read(CHECKPOINT)) ?? [])
      .toString('utf8')
      .split('\n', 2)[1] ?? -1,
  );
  if ((await entries.size()) === published) return;
  const unlock = lockIfStopped(dataDir);
  if (unlock === undefined) return;
  try {
    const root = openRootKey(dataDir, origin);
    const rootSigner = logSigner(root, incarnations);
    const formerKeys = (await readRootHistory(root, entries)).logKeys(rootSigner.name);
    const log = { origin: rootSigner.name, entries, files, anchors, rootSigner, formerKeys, clock: systemClock };
    await createLogPublisher({ ...log, witnesses: [] }).publish();
  } finally {
    unlock();
  }
}

/** Undefined: an engine runs on it. */
function lockIfStopped(dataDir: string): (() => void) | undefined {
  try {
    return lockDataDir(dataDir);
  } catch (error) {
    if (error instanceof EngineError && error.code === 'DATA_LOCKED') return undefined;
    throw error;
  }
}

async function writeAll(source: Source, folder: string): Promise<ExportManifest> {
  const { dataDir, ledger, origin, incarnations, rootKey, db } = source;
  const { read } = createLogFolder(join(dataDir, LOG_FOLDER));
  // The anchors first: a running engine anchors what it published, so none of these is ahead of the checkpoint read next.
  const anchored = await sizesOf(source.anchors);
  const note = await read(CHECKPOINT);
  if (note === undefined)
    throw notPossible(
      `the log of "${dataDir}" was never published: start the engine on it once, or bring its root key`,
    );
  const { checkpoint } = await openOwn(note, source);
  const written: WrittenFile[] = [];
  const put = async (path: string, bytes: Uint8Array): Promise<void> =>
    void written.push(await writeNew(folder, path, bytes));
  const { size } = checkpoint;
  for await (const file of copyLog(read, size, { folder, prefix: EXPORT_FILES.log })) {
    written.push(file);
    // Bundles come first, so by the number of files, which tiles only add to.
    source.onProgress?.({ entries: Math.min(written.length * TILE_WIDTH, size), of: size });
  }
  await put(`${EXPORT_FILES.log}/${CHECKPOINT}`, note);
  await put(EXPORT_FILES.rootKey, Buffer.from(`${formatVerifierKey(rootKey.name, rootKey.publicKey)}\n`));
  const witness = await readIfThere(join(dataDir, WITNESS_FOLDER, EXPORT_FILES.witnessKeys));
  if (witness !== undefined) await put(EXPORT_FILES.witnessKeys, witness);
  for (const at of anchored) {
    const anchor = await source.anchors.read(at);
    if (anchor !== undefined) await put(anchorPathOf(at, incarnations), anchor);
  }
  await put(EXPORT_FILES.keys, idempotencyLines(db, size));
  if (source.withSensitive === true) await put(EXPORT_FILES.sensitive, sensitiveLines(db, ledger));
  const sums = Buffer.from(written.map(({ path, sum }) => `${sum}  ${path}\n`).join(''));
  await writeNew(folder, EXPORT_FILES.sums, sums);
  const manifest: ExportManifest = {
    format: EXPORT_FORMAT,
    ...{ ledger, origin, incarnations: [...incarnations], size },
    root: Buffer.from(checkpoint.root).toString('base64'),
    exportedAt: isoOf(systemClock.now()),
    withSensitive: source.withSensitive === true,
    files: written.length,
    bytes: written.reduce((sum, { bytes }) => sum + bytes, 0),
    sums: createHash('sha256').update(sums).digest('hex'),
  };
  await writeNew(folder, EXPORT_FILES.manifest, Buffer.from(`${JSON.stringify(manifest, undefined, 2)}\n`));
  return manifest;
}

async function openOwn(note: Uint8Array, { rootKey, incarnations, db }: Source): Promise<OpenedCheckpoint> {
  const origin = logOrigin(rootKey.name, incarnations);
  const history = await readRootHistory(rootKey, new SqliteStore(db, { readOnly: true }));
  const opened = openCheckpoint(note, history.logKeys(origin), origin);
  if (opened.kind === 'opened') return opened;
  throw notPossible(`the published checkpoint cannot be trusted: ${opened.reason}: verify the data folder`);
}

async function sizesOf(anchors: AnchorStore): Promise<number[]> {
  const sizes: number[] = [];
  for (;;) {
    const page = await anchors.sizes(sizes.at(-1) ?? -1, ANCHOR_PAGE);
    if (page.length === 0) return sizes;
    sizes.push(...page);
  }
}

function anchorPathOf(size: number, incarnations: readonly number[]): string {
  return join(anchorPlace(EXPORT_FILES.anchors, incarnations), 'ckpt', String(size).padStart(ANCHOR_DIGITS, '0'));
}

function exists(out: string): ExportError {
  return new ExportError({ code: 'EXPORT_TARGET_EXISTS', message: `"${out}" exists: name a folder that does not` });
}

function notPossible(message: string): ExportError {
  return new ExportError({ code: 'EXPORT_NOT_POSSIBLE', message });
}
