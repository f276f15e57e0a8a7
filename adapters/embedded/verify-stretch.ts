/**
 * Reads one stretch of the log, record and entries side by side, and has core verify it. It loads little, because every
 * verifying thread loads it anew.
 */
import type { DatabaseSync } from 'node:sqlite';
import {
  EntryVerifier,
  verifySegment,
  type LogPair,
  type LogPlace,
  type Segment,
  type LoggedEntry,
  type TrustedRoot,
} from '../../core/ledger/index.ts';
import { EngineError } from './errors.ts';
import { identityOf, openForReading } from './sqlite-schema.ts';
import { SqliteStore } from './sqlite-store.ts';

const PAGE = 1_024;
const HASH_BYTES = 32;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_NOTADB = 26;

export interface StretchJob {
  readonly dataDir: string;
  readonly root: TrustedRoot;
  readonly signatures: boolean;
  /** entry types that must carry the root signature; a list, because functions do not cross threads */
  readonly rootSigned: readonly string[];
  readonly from: number;
  /** exclusive */
  readonly to: number;
}

export async function verifyStretch({ dataDir, root, signatures, rootSigned, from, to }: StretchJob): Promise<Segment> {
  const db = openForReading(dataDir);
  try {
    const store = new SqliteStore(db);
    const verifier = new EntryVerifier({
      ledger: identityOf(db).ledger,
      root,
      signatures,
      rootSigned: (type) => rootSigned.includes(type),
      certificate: async (name) => (await store.read(name, 0, 1))[0],
    });
    return await verifySegment(readPairs(db, store, { from, to }), verifier);
  } finally {
    db.close();
  }
}

/** Every position of the stretch with what the commit-order record and the store have there. */
async function* readPairs(
  db: DatabaseSync,
  store: SqliteStore,
  stretch: { from: number; to: number },
): AsyncGenerator<readonly LogPair[]> {
  for (let from = stretch.from; from < stretch.to; from += PAGE) {
    const to = Math.min(from + PAGE, stretch.to);
    const places = new Map(readPlaces(db, from, to).map((place) => [place.position, place]));
    const stored = await readStored(store, from, to);
    yield Array.from({ length: to - from }, (_, i) => ({
      position: from + i,
      place: places.get(from + i),
      entry: undefined,
      ...stored.get(from + i),
    }));
  }
}

type Stored = { readonly entry: LoggedEntry } | { readonly damage: string };

/** The entries of a page; when the file is damaged there, one by one, so that only the damaged ones are lost. */
async function readStored(store: SqliteStore, from: number, to: number): Promise<ReadonlyMap<number, Stored>> {
  try {
    const page = await store.readLog(from, to - from);
    return new Map(page.filter(({ position }) => position < to).map((entry) => [entry.position, { entry }]));
  } catch (error) {
    if (!isDamage(error)) throw error;
    if (to - from === 1) return new Map([[from, { damage: `the file is damaged here: ${error.message}` }]]);
    const middle = from + Math.floor((to - from) / 2);
    return new Map([...(await readStored(store, from, middle)), ...(await readStored(store, middle, to))]);
  }
}

/** SQLite found the file broken, as opposed to a fault of ours. https://www.sqlite.org/rescode.html */
export function isDamage(error: unknown): error is Error {
  if (error instanceof EngineError) return error.code === 'DATA_UNREADABLE';
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
