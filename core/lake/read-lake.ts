/** Reads the files of a lake as they are found: anybody may have made them, so each is held against what names it. */
import type { JsonObject } from '../canonical/index.ts';
import { logFinding, type Checkpoint, type Finding } from '../ledger/index.ts';
import { isObject } from '../values/index.ts';
import { readCheckpoint } from './export-lake.ts';
import {
  LAKE_FILE,
  manifestPath,
  MANIFESTS,
  parseManifest,
  parseRange,
  placeOfTable,
  rangePath,
  RANGES,
  sha256Hex,
  tablePath,
  type Lake,
  type Manifest,
  type ManifestFile,
} from './layout.ts';
import type { LakeFiles, LakeTable } from './ports.ts';

/** What was found wrong: it ends the verification. */
export class Wrong extends Error {
  readonly finding: Finding;

  constructor(finding: Finding) {
    super(finding.detail);
    this.finding = finding;
  }
}

/** @param at the file, and the position where it is about a row */
export function wrong(verdict: Finding['verdict'], detail: string, at: { path: string; position?: number }): Wrong {
  return new Wrong(logFinding(verdict, detail, at));
}

export interface Row {
  readonly event: JsonObject;
  readonly path: string;
}

export interface Inventory {
  /** in the order of the log */
  readonly manifests: readonly string[];
  /** a file that nothing names */
  readonly extra: string | undefined;
  /** from where on a range was fixed and has no manifest yet: an exporter is at it, or died */
  readonly unfinishedFrom: number | undefined;
}

/** @throws Wrong */
export async function takeInventory(files: LakeFiles): Promise<Inventory> {
  const paths = await files.list('');
  const known = new Set<string>([LAKE_FILE]);
  const manifests = paths.filter((path) => path.startsWith(MANIFESTS));
  for (const path of manifests) {
    const manifest = await openManifest(files, path);
    for (const { path: file } of manifest.files) known.add(file);
    known.add(path).add(rangePath(manifest.from));
  }
  const last = paths.filter((path) => path.startsWith(RANGES)).at(-1);
  const open = last === undefined || known.has(last) ? undefined : await openRange(files, last);
  const isOfOpen = (path: string): boolean => {
    const place = placeOfTable(path);
    return open !== undefined && (path === last || (place !== undefined && tablePath(place, open) === path));
  };
  const extra = paths.find((path) => !known.has(path) && !isOfOpen(path));
  return { manifests, extra, unfinishedFrom: open?.from };
}

/** @throws Wrong */
export async function openManifest(files: LakeFiles, path: string): Promise<Manifest> {
  const manifest = parseManifest((await files.read(path)) ?? new Uint8Array());
  if (manifest !== undefined && manifestPath(manifest) === path) return manifest;
  throw wrong('UNREADABLE', 'the manifest is malformed', { path });
}

async function openRange(files: LakeFiles, path: string): Promise<{ readonly from: number; readonly to: number }> {
  const range = parseRange((await files.read(path)) ?? new Uint8Array());
  if (range !== undefined && rangePath(range.from) === path) return range;
  throw wrong('UNREADABLE', 'the range is malformed', { path });
}

/** The checkpoint of a manifest that is the next of its lake, of the range that was fixed. @throws Wrong */
export async function checkManifest(
  files: LakeFiles,
  { manifest, path, lake, end }: { manifest: Manifest; path: string; lake: Lake; end: number },
): Promise<Checkpoint> {
  const { from, to, checkpoint } = manifest;
  const at = { path, position: from };
  if (from > end)
    throw wrong('MISSING_ENTRY', `positions ${end} to ${from - 1} are in no file`, { path, position: end });
  if (from < end) throw wrong('DUPLICATE_ENTRY', `position ${from} is in the range before, too`, at);
  const range = parseRange((await files.read(rangePath(from))) ?? new Uint8Array());
  if (range === undefined)
    throw wrong('MISSING_ENTRY', 'the file is missing or malformed', { path: rangePath(from), position: from });
  if (range.from !== from || range.to !== to || range.checkpoint !== checkpoint)
    throw wrong('CONTENT_MISMATCH', 'the manifest is not of the range that was fixed', at);
  const claimed = readCheckpoint(Buffer.from(checkpoint));
  if (claimed !== undefined && claimed.origin === lake.origin && claimed.size >= to) return claimed;
  throw wrong('UNREADABLE', 'its checkpoint is malformed, of another log, or does not cover it', at);
}

/**
 * The rows of a range by position. A file whose bytes are others is read all the same, so that the row can be named.
 * @param onChanged told of such a file @throws Wrong
 */
export async function readRows(
  { files, table }: { readonly files: LakeFiles; readonly table: LakeTable },
  { manifest, path, lake }: { manifest: Manifest; path: string; lake: Lake },
  onChanged: (finding: Wrong) => void,
): Promise<ReadonlyMap<number, Row>> {
  const rows = new Map<number, Row>();
  for (const file of manifest.files) {
    const place = placeOfTable(file.path);
    const isOfRange =
      place !== undefined &&
      place.region === lake.region &&
      place.accountId === lake.accountId &&
      tablePath(place, manifest) === file.path;
    if (!isOfRange) throw wrong('CONTENT_MISMATCH', `it names a file that is not of its range: ${file.path}`, { path });
    const at = { path: file.path, position: file.first };
    const bytes = await files.read(file.path);
    if (bytes === undefined)
      throw wrong('MISSING_ENTRY', `the file is missing, with ${file.rows} rows from this position on`, at);
    const events = await table.read(place.className, bytes);
    if (events === undefined) throw wrong('UNREADABLE', 'it is no table of its class', at);
    if (sha256Hex(bytes) !== file.sha256)
      onChanged(wrong('CONTENT_MISMATCH', 'its bytes are not those that the manifest names', at));
    takeRows(rows, { file, manifest, events });
  }
  return rows;
}

function takeRows(
  rows: Map<number, Row>,
  { file, manifest, events }: { file: ManifestFile; manifest: Manifest; events: readonly JsonObject[] },
): void {
  const { path } = file;
  let before = -1;
  for (const event of events) {
    const position = positionOf(event);
    if (position === undefined || position < manifest.from || position >= manifest.to)
      throw wrong('CONTENT_MISMATCH', `a row has no position of the range of its file: ${String(position)}`, { path });
    if (position <= before) throw wrong('CONTENT_MISMATCH', `it comes after position ${before}`, { path, position });
    const other = rows.get(position);
    if (other !== undefined) throw wrong('DUPLICATE_ENTRY', `it is in ${other.path}, too`, { path, position });
    rows.set(position, { event, path });
    before = position;
  }
  const isAsSaid = events.length === file.rows && (rows.size === 0 || positionOf(events[0]) === file.first);
  if (!isAsSaid || before !== file.last)
    throw wrong('CONTENT_MISMATCH', 'its rows are not as many, or others, than its manifest says', {
      path,
      position: file.first,
    });
}

function positionOf(event: JsonObject | undefined): number | undefined {
  const unmapped = event?.['unmapped'];
  const position = isObject(unmapped) ? unmapped['position'] : undefined;
  return Number.isSafeInteger(position) ? Number(position) : undefined;
}
