/**
 * The entries of a published log as verification wants them, out of its own files: the bundle says what an entry is, the hash
 * tile what was signed for its place. It needs no store, so it serves a copy of a log that is all there is. Pages are one
 * bundle, so memory does not grow with the log. All input is untrusted.
 */
import { leafHash } from '../../canonical/index.ts';
import { LogError } from '../merkle/log-errors.ts';
import { leafAt } from '../merkle/merkle-hash.ts';
import type { LoggedEntry } from '../entries/ports.ts';
import { bundleExcess, decodeBundle } from '../merkle/tile-bundle.ts';
import { bundlePath, TILE_WIDTH, tilePath, tileWidth } from '../merkle/tile-path.ts';
import { readBundle, readTile, type ReadLogFile } from '../merkle/tile-reader.ts';
import { NOT_RECORDED, type LogPair } from '../verify/verify-log.ts';

/** In front of the chain name in every certificate; it may stand elsewhere too, so what has it is looked at. */
const KEY_CHAIN_MARK = '"entity":"keys/';
const KEYS = 'keys/';
/** Bundles missing in a row, at most, before the rest is taken to be missing too. */
const MAX_GAP = 256;

export interface PublishedLogFiles {
  readonly read: ReadLogFile;
  /** entries of the checkpoint */
  readonly size: number;
}

/** Log indices from..to (exclusive); `from` is a multiple of 256, `to` likewise or the end of the log. */
export async function* bundlePairs(
  files: PublishedLogFiles,
  { from, to }: { readonly from: number; readonly to: number },
): AsyncGenerator<readonly LogPair[]> {
  let ahead: Promise<readonly LogPair[]> | undefined;
  for (let index = from / TILE_WIDTH; index * TILE_WIDTH < to; index += 1) {
    const page = ahead ?? pairsOf(files, index);
    // The next bundle is on its way while this one is checked.
    ahead = (index + 1) * TILE_WIDTH < to ? pairsOf(files, index + 1) : undefined;
    ahead?.catch(() => undefined);
    yield await page;
  }
}

/** The entries from a log index on, as far as they can be read: a log as EntryStore has it. */
export async function readEntries(files: PublishedLogFiles, from: number, limit: number): Promise<LoggedEntry[]> {
  const entries: LoggedEntry[] = [];
  const to = Math.min(files.size, from + limit);
  for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH < to; index += 1) {
    for (const { position, entry } of await pairsOf(files, index)) {
      if (position < from || position >= to) continue;
      if (entry === undefined) return entries;
      entries.push(entry);
    }
  }
  return entries;
}

/**
 * Entries about keys by chain: certificates, revocations, rotations. A size may be anybody's claim: behind a long gap nothing is
 * looked for. @param stopAtGap for a size that nobody signed yet
 */
export async function keyEntriesIn(
  files: PublishedLogFiles,
  { stopAtGap = false } = {},
): Promise<ReadonlyMap<string, readonly LoggedEntry[]>> {
  const found = new Map<string, LoggedEntry[]>();
  let missing = 0;
  for (let index = 0; index * TILE_WIDTH < files.size; index += 1) {
    const bundle = await readBundle(files.read, index, tileWidth(0, index, files.size));
    missing = bundle === undefined ? missing + 1 : 0;
    if (missing > (stopAtGap ? 0 : MAX_GAP)) break;
    if (bundle === undefined || !bufferOf(bundle.bytes).includes(KEY_CHAIN_MARK)) continue;
    for (const [i, note] of decodeBundle(bundle.bytes, TILE_WIDTH).entries.entries()) {
      const { chain, seq } = placeIn(note);
      if (!chain.startsWith(KEYS)) continue;
      const entries = found.get(chain) ?? [];
      if (entries.length === 0) found.set(chain, entries);
      // A copy: the bundle it stands in need not stay in memory.
      const copy = Uint8Array.from(note);
      entries.push({ chain, seq, note: copy, hash: leafHash(note), position: index * TILE_WIDTH + i });
    }
  }
  return found;
}

/**
 * Where an entry says it belongs, found from its end: every quote inside a JSON string is escaped, so these marks are keys.
 * Only a hint, a tenth of the cost of parsing: whoever verifies the entry parses it and compares.
 */
export function placeIn(note: Uint8Array): { readonly chain: string; readonly seq: number } {
  const text = bufferOf(note).toString('latin1');
  const seqAt = text.lastIndexOf('","seq":');
  const idemAt = text.lastIndexOf('","idem":"', seqAt);
  const entityAt = text.lastIndexOf('"entity":"', idemAt);
  const seq = Number.parseInt(text.slice(seqAt + 8, seqAt + 25), 10);
  if (seqAt < 0 || idemAt < 0 || entityAt < 0 || !Number.isSafeInteger(seq)) return { chain: NOT_RECORDED, seq: 0 };
  return { chain: text.slice(entityAt + 10, idemAt), seq };
}

async function pairsOf({ read, size }: PublishedLogFiles, index: number): Promise<readonly LogPair[]> {
  const width = tileWidth(0, index, size);
  const [tile, bundle] = await Promise.all([tileOrReason(read, index, width), readBundle(read, index, width)]);
  const held = bundle === undefined ? undefined : decodeBundle(bundle.bytes);
  const excess = held === undefined || bundle === undefined ? undefined : bundleExcess(held, bundle.width);
  const path = bundle?.path ?? bundlePath(index, width);
  return Array.from({ length: width }, (_, i) => {
    const position = index * TILE_WIDTH + i;
    const note = held?.entries[i];
    if (note === undefined) {
      const damage = `${path}: ${held?.malformed ?? `it has only ${i} entries`}`;
      return { position, place: undefined, entry: undefined, ...(held === undefined ? {} : { damage }) };
    }
    // What follows the last entry is told with it.
    if (excess !== undefined && i === width - 1)
      return { position, place: placed(note, position), entry: undefined, damage: `${path}: ${excess}` };
    if (!(tile instanceof Uint8Array))
      return { position, place: placed(note, position), entry: undefined, damage: tile };
    const hash = leafAt(tile, i);
    const entry = { ...placeIn(note), position, hash, note };
    return { position, place: entry, entry };
  });
}

function placed(note: Uint8Array, position: number): LoggedEntry {
  return { ...placeIn(note), position, hash: leafHash(note), note };
}

async function tileOrReason(read: ReadLogFile, index: number, width: number): Promise<Uint8Array | string> {
  try {
    return (await readTile(read, { level: 0, index, width })) ?? `${tilePath(0, index, width)} is missing`;
  } catch (error) {
    if (error instanceof LogError) return error.message;
    throw error;
  }
}

/** The same memory, with the methods of a Buffer. */
function bufferOf(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
