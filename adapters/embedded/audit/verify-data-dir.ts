/**
 * Verifies a data folder, running or stopped, with nothing but its files and the root public key: entries in commit order on
 * every core, the log's tree against everything that was signed of it, then the documents. Damage that makes the file
 * unreadable is a verdict, not an exception.
 */
import type { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import type { EpochMs } from '../../../core/brands/index.ts';
import { ROOT_SIGNED_TYPES, STEP_TYPES } from '../../../core/changes/index.ts';
import {
  OUTSIDE_FOLDER,
  TILE_WIDTH,
  verifyWindow,
  type Finding,
  type Scope,
  type Segment,
  type TrustedRoot,
  type VerificationReport,
  type Window,
} from '../../../core/ledger/index.ts';
import { createVault } from '../../../core/events/index.ts';
import {
  verifyDocuments,
  verifyEntity,
  verifyFields,
  verifyState,
  type FieldSources,
} from '../../../core/system/index.ts';
import { defined } from '../../../core/values/index.ts';
import { damaged } from './damaged.ts';
import { openEntityVerification, rootKeysOf, type FolderToVerify } from './entity-in-folder.ts';
import { fieldKeysOf } from '../keys/field-keys.ts';
import { MIN_ENTRIES_PER_THREAD, threadsFor, verifyingThreads } from '../machine/give-way.ts';
import { readIncarnations } from '../log/incarnations.ts';
import { readRestoredWithout } from '../store/restored-without.ts';
import { systemClock, systemIds } from '../machine/system-clock.ts';
import { beginProgress, type SharedProgress } from './progress.ts';
import { replayDataDir } from './replay-data-dir.ts';
import { readRootPublicKey } from '../keys/root-key.ts';
import { endOfEntries, endOfLog, rowOutside } from '../store/rows-outside.ts';
import { identityOf, openForReading } from '../store/sqlite-schema.ts';
import { SqliteStore } from '../store/sqlite-store.ts';
import { entityThreads, verifyEntityOnThreads } from './verify-on-threads.ts';
import { TurnTakingStore } from './turn-taking-store.ts';
import { pointsOf } from './verify-points.ts';
import { isDamage, isForeign, verifyFolderSegment, type SegmentJob } from './verify-folder-segment.ts';

/** Entries are garbage as soon as they are checked: left alone, V8 lets hundreds of MB of them pile up first. */
const YOUNG_MB = 16;

export interface VerifyDataDirOptions {
  /** default: everything */
  readonly scope?: Scope | { readonly mode: 'entity'; readonly entity: string } | { readonly mode: 'state' };
  /** only this entity's chain and document: short for scope `entity` */
  readonly entity?: string;
  /** default true; false checks bytes, hashes, links and places only */
  readonly signatures?: boolean;
  /** the public root key, from a source other than the folder; default: its `root.vkey` */
  readonly root?: TrustedRoot;
  /** where the anchors are, when not in the data folder */
  readonly anchorsDir?: string;
  /** a signed checkpoint that was kept elsewhere */
  readonly remembered?: Uint8Array;
  /** NOT_YET_ANCHORED when an entry asked about is not covered by an anchor */
  readonly requireAnchored?: boolean;
  /** STALE when the newest sign of life under a checkpoint is older */
  readonly maxAgeMinutes?: number;
  /** default: the clock's time */
  readonly now?: EpochMs;
  /** default false; true leaves cores for the engine of this process */
  readonly besideEngine?: boolean;
  /** Counts what was looked at, in scopes that read the log. */
  readonly progress?: SharedProgress;
}

/** @throws EngineError DATA_NOT_FOUND, LedgerError KEY_FILE_INVALID */
export async function verifyDataDir(dataDir: string, options: VerifyDataDirOptions = {}): Promise<VerificationReport> {
  const root = options.root ?? readRootPublicKey(dataDir);
  let db: DatabaseSync | undefined;
  try {
    db = openForReading(dataDir);
    const report = await verifyOpened(db, { ...options, dataDir, root, signatures: options.signatures ?? true });
    return options.root === undefined ? { ...report, notChecked: [...report.notChecked, OUTSIDE_FOLDER.key] } : report;
  } catch (error) {
    if (!isDamage(error) && !isForeign(error)) throw error;
    return damaged(error);
  } finally {
    db?.close();
  }
}

type Opened = VerifyDataDirOptions & Pick<SegmentJob, 'dataDir' | 'root' | 'signatures'>;

async function verifyOpened(db: DatabaseSync, options: Opened): Promise<VerificationReport> {
  const { dataDir, root, signatures, now = systemClock.now(), entity, besideEngine = false } = options;
  const scope = entity === undefined ? (options.scope ?? { mode: 'full' }) : { mode: 'entity' as const, entity };
  const { ledger, origin } = identityOf(db);
  const store = new TurnTakingStore(db, { readOnly: true });
  const sources = { ledger, entries: store, items: store };
  const replaying = { dataDir, ledger };
  if (scope.mode === 'state')
    return verifyState(sources, () => replayDataDir({ ...replaying, size: endOfEntries(db) }));
  if (scope.mode === 'entity') return verifyOneEntity({ ...options, now }, store, scope.entity);
  const found = await pointsOf({ ...options, origin, incarnations: readIncarnations(db) });
  const points = {
    ...{ ...found, rootKeys: await rootKeysOf(root, store, found.origin) },
    ...remembering(options),
  };
  const asked = {
    ...defined({ requireAnchored: options.requireAnchored, maxAgeMinutes: options.maxAgeMinutes }),
  };
  const fieldSources = { ...sources, ...fieldsOf(dataDir, db, sources) };
  const { progress } = options;
  const trust = { dataDir, root, signatures, rootSigned: [...ROOT_SIGNED_TYPES], steps: STEP_TYPES };
  const job = { ...trust, ...defined({ progress }) };
  const report = await verifyWindow({
    ...{ ...points, ...asked, genesis: origin, scope, entries: store, signatures, now },
    size: async () => endOfLog(db),
    segments: (window) => verifySegments({ ...job, ...window }, threadsFor(window.to - window.from, { besideEngine })),
    replay: (index) => replayDataDir({ ...replaying, index }),
    documents: (changed) => verifyDocuments(sources, changed, { stored: scope.mode === 'full' }),
    ...(scope.mode === 'full' ? { fields: (chains) => verifyFields(fieldSources, withKept(db, ledger, chains)) } : {}),
  });
  const { restoredWithout = 0 } = fieldSources;
  const lacking = restoredWithout === 0 ? [] : [OUTSIDE_FOLDER.fields(restoredWithout)];
  const outside = scope.mode === 'range' ? undefined : rowOutside(db);
  const whole = { ...report, notChecked: [...report.notChecked, ...lacking] };
  return outside === undefined ? whole : withRowOutside(whole, outside);
}

/** A long chain on threads of their own, which end with it. */
async function verifyOneEntity(
  folder: FolderToVerify,
  store: SqliteStore,
  entityId: string,
): Promise<VerificationReport> {
  const head = await store.head(entityId);
  if (head === undefined || head.seq < MIN_ENTRIES_PER_THREAD) {
    const { db, deps } = await openEntityVerification(folder);
    return verifyEntity(deps, entityId).finally(() => db.close());
  }
  const threads = entityThreads(verifyingThreads({ besideEngine: false }));
  return verifyEntityOnThreads({ threads, folder }, entityId).finally(() => threads.close());
}

/** Every chain that keeps a confidential field, or has an entry committed to one. For a folder that was verified. */
export async function verifyFieldsIn(dataDir: string): Promise<Finding | undefined> {
  const db = openForReading(dataDir);
  try {
    const { ledger } = identityOf(db);
    const store = new SqliteStore(db, { readOnly: true });
    const sources = { ledger, entries: store, items: store };
    const rows = db
      .prepare(`SELECT DISTINCT chain FROM entries WHERE instr(note, CAST('"commits":[' AS BLOB)) > 0`)
      .all();
    const chains = rows.map(({ chain }) => String(chain));
    return await verifyFields({ ...sources, ...fieldsOf(dataDir, db, sources) }, chains);
  } finally {
    db.close();
  }
}

/** And those for which a field is kept, whether or not an entry is committed to one. */
function withKept(db: DatabaseSync, ledger: string, chains: Iterable<string>): Set<string> {
  const prefix = `${ledger}#sensitive#`;
  const rows = db
    .prepare('SELECT DISTINCT pk FROM items WHERE substr(pk, 1, ?) = ? ORDER BY pk')
    .all(prefix.length, prefix);
  return new Set([...chains, ...rows.map(({ pk }) => String(pk).slice(prefix.length))]);
}

/** The vault where its key is in the folder, and what the folder was restored without. */
function fieldsOf(
  dataDir: string,
  db: DatabaseSync,
  { ledger, items }: { readonly ledger: string; readonly items: SqliteStore },
): Pick<FieldSources, 'vault' | 'restoredWithout'> {
  const keys = fieldKeysOf(dataDir);
  return {
    restoredWithout: readRestoredWithout(db),
    ...(keys === undefined
      ? {}
      : { vault: createVault({ ledger, items, keys, randomBytes: (n) => systemIds.bytes(n) }) }),
  };
}

/** What comes earlier in the log is the first that is bad; a row before the log, or one that is no place in it, comes first. */
function withRowOutside(report: VerificationReport, outside: Finding): VerificationReport {
  const { position } = report.firstBad ?? {};
  if (position !== undefined && outside.position !== undefined && position < outside.position) return report;
  const { checkpoint: _, ...rest } = report;
  return { ...rest, verdict: outside.verdict, firstBad: outside };
}

function remembering({ remembered }: Opened): { readonly remembered?: Uint8Array } {
  return remembered === undefined ? {} : { remembered };
}

/** Each begins with a tile of the log. */
function verifySegments(whole: SegmentJob & Window, workers: number): Promise<Segment[]> {
  const { from, to, progress } = whole;
  beginProgress(progress, to - from);
  if (workers === 1) return Promise.all([verifyFolderSegment(whole)]);
  const share = Math.ceil((to - from) / workers / TILE_WIDTH) * TILE_WIDTH;
  const jobs = Array.from({ length: workers }, (_, i) => ({
    ...whole,
    from: from + i * share,
    to: Math.min(from + (i + 1) * share, to),
  }));
  // All on threads of their own: the calling one may be an engine's, which has other callers.
  return Promise.all(jobs.map(verifyOnWorker));
}

function verifyOnWorker(job: SegmentJob): Promise<Segment> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('./verify-worker.ts', import.meta.url), {
      workerData: job,
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
    });
    worker.once('message', resolve);
    worker.once('error', reject);
    worker.once('exit', (code) => reject(new Error(`the verifying thread ended with code ${code}`)));
  });
}
