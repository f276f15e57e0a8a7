/**
 * Exports a published log into a lake, range after range. A range is fixed, with the checkpoint that covers it, before anything of it
 * is written, and its manifest is written last. So whoever dies in between, or runs twice, writes the same files again, and finds
 * that they are there: each position is in one file, and no file is ever written over.
 */
import { leafHash, toHex, type JsonObject } from '../canonical/index.ts';
import { must } from '../errors/index.ts';
import {
  bundlePairs,
  parseCheckpoint,
  parseEntry,
  parseNote,
  TILE_WIDTH,
  type Checkpoint,
  type ReadLogFile,
} from '../ledger/index.ts';
import { LakeError } from './errors.ts';
import {
  bytesOf,
  isLabel,
  LAKE_FILE,
  LAKE_FORMAT,
  manifestPath,
  parseLake,
  parseRange,
  rangePath,
  RANGES,
  sha256Hex,
  tablePath,
  type Lake,
  type Manifest,
  type ManifestFile,
  type Range,
  type TablePlace,
} from './layout.ts';
import { OCSF_VERSION } from './columns.ts';
import type { LakeEntry } from './map-entry.ts';
import type { LakeFiles, LakeTable } from './ports.ts';
import { createRangeMapper, keyOf, type PlacedEvent } from './rows.ts';

/** One row group: it bounds the memory of whoever writes and reads. */
const MAX_RANGE = 20_000;
const CHECKPOINT = 'checkpoint';

export interface LakeExport {
  readonly files: LakeFiles;
  readonly table: LakeTable;
  /** the published log, as C2SP tlog-tiles has it */
  readonly log: ReadLogFile;
  /** partition keys of the lake, where it is begun; later they are those that it has */
  readonly region: string;
  readonly accountId: string;
  /** entries of one range, at most */
  readonly maxRange?: number;
  readonly onProgress?: (far: { readonly entries: number; readonly of: number }) => void;
  /** asked before each range but the first: false ends the export, and the next one goes on */
  readonly mayGoOn?: () => boolean;
}

export interface ExportedLake {
  /** log indices written by this call */
  readonly from: number;
  readonly to: number;
  readonly ranges: number;
  readonly files: number;
  readonly bytes: number;
}

/** Up to the newest checkpoint. @throws LakeError */
export async function exportLake(options: LakeExport): Promise<ExportedLake> {
  const { files, log, maxRange = MAX_RANGE, onProgress, mayGoOn = () => true } = options;
  const { note, checkpoint } = await publishedCheckpoint(log);
  const lake = await openLake(options, checkpoint.origin);
  const open = await unfinished(files);
  const from = open?.from ?? (await endOf(files));
  const { size } = checkpoint;
  if (from > size)
    throw new LakeError({
      code: 'LAKE_AHEAD',
      message: `the lake has ${from} entries, the newest checkpoint of the log covers ${size}: verify the ledger`,
    });
  const done = { from, to: from, ranges: 0, files: 0, bytes: 0 };
  for (let at = from, range = open; range !== undefined || at < size; range = undefined) {
    range ??= await fixRange(files, { from: at, to: Math.min(at + maxRange, size), checkpoint: note });
    const manifest = await exportRange({ ...options, lake }, range);
    at = range.to;
    done.to = at;
    done.ranges += 1;
    done.files += manifest.files.length;
    done.bytes += manifest.files.reduce((sum, { bytes }) => sum + bytes, 0);
    onProgress?.({ entries: at, of: size });
    if (!mayGoOn()) break;
  }
  return done;
}

interface Published {
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

/** As it stands in a file of the log. Who signed it is for whoever verifies. @throws LakeError LAKE_SOURCE_DAMAGED */
async function publishedCheckpoint(log: ReadLogFile): Promise<Published> {
  const bytes = await log(CHECKPOINT);
  const checkpoint = bytes === undefined ? undefined : readCheckpoint(bytes);
  if (bytes === undefined || checkpoint === undefined) throw damaged('the log has no checkpoint that can be read');
  return { note: Buffer.from(bytes).toString('utf8'), checkpoint };
}

/** Undefined: malformed. Input is untrusted. */
export function readCheckpoint(bytes: Uint8Array): Checkpoint | undefined {
  const note = parseNote(bytes, true);
  const checkpoint = 'malformed' in note ? note : parseCheckpoint(note.text);
  return 'malformed' in checkpoint ? undefined : checkpoint;
}

/** What the lake is, or is from now on. */
async function openLake({ files, region, accountId }: LakeExport, origin: string): Promise<Lake> {
  for (const [name, label] of Object.entries({ region, accountId }))
    if (!isLabel(label))
      throw new LakeError({
        code: 'LAKE_INVALID',
        message: `${name} "${label}": it takes 1-32 letters, digits and hyphens`,
      });
  const lake: Lake = { format: LAKE_FORMAT, origin, ocsf: OCSF_VERSION, region, accountId };
  if (await files.create(LAKE_FILE, bytesOf(lake))) return lake;
  const stored = parseLake(must(await files.read(LAKE_FILE), 'the file that a lake begins with'));
  if (stored.origin === origin) return stored;
  throw new LakeError({
    code: 'LAKE_FOREIGN',
    message: `the lake is of "${stored.origin}", the log is "${origin}": export into a new one`,
  });
}

/** The range that was fixed and not finished. */
async function unfinished(files: LakeFiles): Promise<Range | undefined> {
  const last = (await files.list(RANGES)).at(-1);
  if (last === undefined) return undefined;
  const range = await readRange(files, last);
  return (await files.read(manifestPath(range))) === undefined ? range : undefined;
}

async function endOf(files: LakeFiles): Promise<number> {
  const last = (await files.list(RANGES)).at(-1);
  return last === undefined ? 0 : (await readRange(files, last)).to;
}

async function readRange(files: LakeFiles, path: string): Promise<Range> {
  const range = parseRange(must(await files.read(path), 'a file that was listed'));
  if (range !== undefined && rangePath(range.from) === path) return range;
  throw new LakeError({ code: 'LAKE_INVALID', message: `${path} is malformed: verify the lake` });
}

/** Another exporter may have been first: then its range is the one. */
async function fixRange(files: LakeFiles, range: Range): Promise<Range> {
  const path = rangePath(range.from);
  return (await files.create(path, bytesOf(range))) ? range : readRange(files, path);
}

async function exportRange(options: LakeExport & { readonly lake: Lake }, range: Range): Promise<Manifest> {
  const { files, table, log, lake } = options;
  const tables = new Map<string, { place: TablePlace; events: PlacedEvent[] }>();
  const toEvent = createRangeMapper(lake, range);
  for await (const entry of entriesOf(log, range)) {
    const event = toEvent(entry);
    const key = keyOf(event.place);
    const group = tables.get(key) ?? { place: event.place, events: [] };
    if (group.events.push(event) === 1) tables.set(key, group);
  }
  const written: ManifestFile[] = [];
  for (const { place, events } of tables.values()) {
    const path = tablePath(place, range);
    const rows = events.map(({ event }) => event);
    const bytes = await putTable({ files, table }, { path, place, rows });
    const [first, last] = [must(events[0], 'a row').position, must(events.at(-1), 'a row').position];
    written.push({ path, rows: rows.length, first, last, bytes: bytes.length, sha256: sha256Hex(bytes) });
  }
  const manifest: Manifest = {
    format: LAKE_FORMAT,
    ...range,
    files: written.sort((a, b) => (a.path < b.path ? -1 : 1)),
  };
  // Who was first wrote what is written here: the range says all of it.
  await files.create(manifestPath(range), bytesOf(manifest));
  return manifest;
}

/** The bytes that are there then. Of another library or version of Node they may differ where the rows are the same. */
async function putTable(
  { files, table }: Pick<LakeExport, 'files' | 'table'>,
  { path, place, rows }: { readonly path: string; readonly place: TablePlace; readonly rows: readonly JsonObject[] },
): Promise<Uint8Array> {
  const bytes = await table.write(place.className, rows);
  if (await files.create(path, bytes)) return bytes;
  const there = must(await files.read(path), 'a file that is there');
  if (Buffer.compare(there, bytes) === 0) return bytes;
  const stored = await table.read(place.className, there);
  if (stored !== undefined && JSON.stringify(stored) === JSON.stringify(await table.read(place.className, bytes)))
    return there;
  throw new LakeError({
    code: 'LAKE_FILE_DIFFERS',
    message: `${path} is there with other rows than the log has: verify the lake`,
  });
}

/** @throws LakeError LAKE_SOURCE_DAMAGED */
async function* entriesOf(log: ReadLogFile, { from, to, checkpoint }: Range): AsyncGenerator<LakeEntry> {
  const size = readCheckpoint(Buffer.from(checkpoint))?.size;
  if (size === undefined || size < to) throw damaged(`the checkpoint of the range from ${from} on does not cover it`);
  const firstOfBundle = from - (from % TILE_WIDTH);
  const end = Math.min(size, Math.ceil(to / TILE_WIDTH) * TILE_WIDTH);
  for await (const page of bundlePairs({ read: log, size }, { from: firstOfBundle, to: end }))
    for (const { position, entry } of page) {
      if (position < from || position >= to) continue;
      if (entry === undefined) throw damaged(`log index ${position} cannot be read`);
      yield readEntry(entry.note, position, toHex(entry.hash));
    }
}

function readEntry(note: Uint8Array, position: number, published: string): LakeEntry {
  const hash = toHex(leafHash(note));
  const parsed = parseEntry(note);
  if (hash !== published) throw damaged(`log index ${position} is not what was published`);
  if (parsed.kind === 'unreadable') throw damaged(`log index ${position} is not an entry: ${parsed.reason}`);
  return { body: parsed.body, note: Buffer.from(note).toString('utf8'), hash, position };
}

function damaged(what: string): LakeError {
  return new LakeError({ code: 'LAKE_SOURCE_DAMAGED', message: `${what}: verify the ledger` });
}
