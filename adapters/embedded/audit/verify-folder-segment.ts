/**
 * Reads one segment of the log, record and entries side by side, and has core verify it. It loads little, because every
 * verifying thread loads it anew.
 */
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import {
  checkTile,
  EntryVerifier,
  MAX_REVOCATIONS,
  MAX_ROTATIONS,
  publishedEntry,
  verifySegment,
  type Finding,
  type LogPair,
  type LogPlace,
  type Segment,
  type LoggedEntry,
  type ReadLogFile,
  type TrustedRoot,
  NOT_RECORDED,
  ROOT_CHAIN,
} from '../../../core/ledger/index.ts';
import { codeOf } from '../../../core/errors/index.ts';
import { EngineError } from '../machine/errors.ts';
import { WITHOUT_WAITING } from '../machine/durable-files.ts';
import { countLooked, type SharedProgress } from './progress.ts';
import { LOG_FOLDER } from '../log/open-log.ts';
import { readPacked } from '../log/packed-bundle.ts';
import { identityOf, openForReading } from '../store/sqlite-schema.ts';
import { SqliteStore } from '../store/sqlite-store.ts';

const PAGE = 256;
const HASH_BYTES = 32;
const SQLITE_ERROR = 1;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;
/** A file that is no ledger of ours, or not any more. */
const UNUSABLE: ReadonlySet<string> = new Set(['DATA_UNREADABLE', 'DATA_FOREIGN', 'DATA_TAMPERED']);

export interface SegmentJob {
  readonly dataDir: string;
  readonly root: TrustedRoot;
  readonly signatures: boolean;
  /** entry types that must carry the root signature; a list, because functions do not cross threads */
  readonly rootSigned: readonly string[];
  /** types of the steps of change-sets */
  readonly steps: readonly string[];
  /** log index, a multiple of 256 */
  readonly from: number;
  /** exclusive */
  readonly to: number;
  /** sizes at which the root of the log is wanted */
  readonly sizes: readonly number[];
  /** entries that were published: their files are compared */
  readonly published: number;
  /** files may be missing: the store is short of entries, too */
  readonly isShort: boolean;
  /** what the replay of decisions needs is wanted too */
  readonly replay: boolean;
  readonly progress?: SharedProgress;
}

export async function verifyFolderSegment(job: SegmentJob): Promise<Segment> {
  const { dataDir, root, signatures, rootSigned, steps, from, sizes, published, isShort, replay } = job;
  const read = readerOf(join(dataDir, LOG_FOLDER));
  const db = openForReading(dataDir);
  try {
    const store = new SqliteStore(db, { readOnly: true });
    const verifier = new EntryVerifier({
      ledger: identityOf(db).ledger,
      root,
      signatures,
      rootSigned: (type) => rootSigned.includes(type),
      steps: new Set(steps),
      certificate: async (name) => (await store.read(name, 0, 1))[0],
      revocations: (name) => store.read(name, 1, MAX_REVOCATIONS),
      rotations: () => store.read(ROOT_CHAIN, 0, MAX_ROTATIONS),
    });
    const files = {
      ...{ read, size: published, isLenient: isShort },
      find: async (chain: string, seq: number) => (await store.read(chain, seq, 1)).find((entry) => entry.seq === seq),
    };
    const segment = await verifySegment(readPairs(db, store, job), verifier, {
      ...{ from, sizes, replay },
      onTile: (index, entries) => checkTile(files, index, entries),
    });
    return segment.finding === undefined
      ? segment
      : { ...segment, finding: await named(segment.finding, read, published) };
  } finally {
    db.close();
  }
}

/** Synchronous underneath: this thread has nothing else to do, and a tile is read in a tenth of the time. */
function readerOf(folder: string): ReadLogFile {
  return readPacked(async (path) => {
    try {
      return readPlain(join(folder, path));
    } catch (error) {
      if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error))) return undefined;
      throw error;
    }
  });
}

/** A pipe under the name holds nothing. */
function readPlain(path: string): Uint8Array {
  const file = openSync(path, WITHOUT_WAITING);
  try {
    const stat = fstatSync(file);
    return stat.isFile() || stat.isDirectory() ? readFileSync(file) : Buffer.of();
  } finally {
    closeSync(file);
  }
}

/** An entry of which no record is left here may still have its name in the published files. */
async function named(finding: Finding, read: ReadLogFile, published: number): Promise<Finding> {
  if (finding.verdict !== 'MISSING_ENTRY' || finding.entity !== NOT_RECORDED || finding.position === undefined)
    return finding;
  const lost = await publishedEntry(read, finding.position, [published]);
  return lost === undefined ? finding : { ...finding, entity: lost.chain, seq: lost.seq };
}

/** Every position of the segment with what the commit-order record and the store have there. */
async function* readPairs(
  db: DatabaseSync,
  store: SqliteStore,
  segment: Pick<SegmentJob, 'from' | 'to' | 'progress'>,
): AsyncGenerator<readonly LogPair[]> {
  for (let from = segment.from; from < segment.to; from += PAGE) {
    const to = Math.min(from + PAGE, segment.to);
    const places: LogPlace[] = [];
    for (const place of readPlaces(db, from, to)) places[place.position - from] = place;
    const stored: Stored[] = [];
    for (const one of await readStored(store, from, to)) stored[one.position - from] = one;
    const page: LogPair[] = [];
    for (let i = 0; i < to - from; i += 1) {
      const one = stored[i];
      const pair = { position: from + i, place: places[i], entry: one?.entry };
      page.push(one?.damage === undefined ? pair : { ...pair, damage: one.damage });
    }
    yield page;
    countLooked(segment.progress, to - from);
    // Where this is the calling thread, a signal to stop gets its turn.
    await turn();
  }
}

interface Stored {
  readonly position: number;
  readonly entry: LoggedEntry | undefined;
  readonly damage?: string;
}

/** The entries of a page; when the file is damaged there, one by one, so that only the damaged ones are lost. */
async function readStored(store: SqliteStore, from: number, to: number): Promise<readonly Stored[]> {
  try {
    const page = await store.readLog(from, to - from);
    return page.filter(({ position }) => position < to).map((entry) => ({ position: entry.position, entry }));
  } catch (error) {
    if (!isDamage(error)) throw error;
    const damage = `the file is damaged here: ${error.message}`;
    if (to - from === 1) return [{ position: from, entry: undefined, damage }];
    const middle = from + Math.floor((to - from) / 2);
    return [...(await readStored(store, from, middle)), ...(await readStored(store, middle, to))];
  }
}

/** The tables are not those of a ledger any more: somebody changed the schema. */
export function isForeign(error: unknown): error is Error {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_ERROR;
}

/**
 * SQLite found the file broken, or a number in it that no engine writes, as opposed to a fault of ours.
 * https://www.sqlite.org/rescode.html
 */
export function isDamage(error: unknown): error is Error {
  if (error instanceof EngineError) return UNUSABLE.has(error.code);
  if (error instanceof RangeError && 'code' in error && error.code === 'ERR_OUT_OF_RANGE') return true;
  const code = error instanceof Error && 'errcode' in error ? Number(error.errcode) & 0xff : 0;
  return code === SQLITE_CORRUPT || code === SQLITE_NOTADB || code === SQLITE_IOERR;
}

/** The commit-order record of positions from..to. A batch is never larger than a commit, so it may begin a little earlier. */
function readPlaces(db: DatabaseSync, from: number, to: number): LogPlace[] {
  const rows = db
    .prepare(
      'SELECT first, places, hashes FROM batches WHERE first < ? AND first >= coalesce((SELECT max(first) FROM batches WHERE first <= ?), 0)',
    )
    .all(to, from);
  return rows.flatMap((row) => placesOf(row)).filter(({ position }) => position >= from && position < to);
}

function placesOf(row: Record<string, unknown>): LogPlace[] {
  const first = Number(row['first']);
  const hashes = row['hashes'] as Uint8Array;
  return parsePlaces(row['places']).map(([chain, seq], i) => ({
    position: first + i,
    chain,
    seq,
    hash: hashes.subarray(i * HASH_BYTES, (i + 1) * HASH_BYTES),
  }));
}

/** Untrusted: a damaged record names nothing, and its entries are then reported as never committed. */
function parsePlaces(text: unknown): [string, number][] {
  try {
    const places: unknown = JSON.parse(String(text));
    const isPlace = (one: unknown): one is [string, number] =>
      Array.isArray(one) && typeof one[0] === 'string' && typeof one[1] === 'number';
    return Array.isArray(places) && places.every(isPlace) ? places : [];
  } catch {
    return [];
  }
}
