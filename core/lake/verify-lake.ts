/**
 * Verifies a lake with nothing but its files and the root key: every position in exactly one file, every row what its entry makes of
 * it, every entry in its place in the log that the checkpoints of the manifests sign. The rows carry the entries, so the ledger need
 * not be there. What is wrong is named by file and, where it is about a row, by its position.
 */
import { leafHash, toHex, type JsonObject, type JsonValue } from '../canonical/index.ts';
import {
  MerkleEdge,
  openCheckpoint,
  parseEntry,
  ROOT_CHAIN,
  rootHistory,
  type Checkpoint,
  type Finding,
  type LoggedEntry,
  type TrustedRoot,
} from '../ledger/index.ts';
import { isObject } from '../values/index.ts';
import { LakeError } from './errors.ts';
import { LAKE_FILE, parseLake, tablePath, type Lake, type Manifest } from './layout.ts';
import type { LakeFiles, LakeTable } from './ports.ts';
import { checkManifest, openManifest, readRows, takeInventory, wrong, Wrong, type Row } from './read-lake.ts';
import { createRangeMapper } from './rows.ts';

export interface LakeToVerify {
  readonly files: LakeFiles;
  readonly table: LakeTable;
  /** from a source other than the lake */
  readonly root: TrustedRoot;
  readonly onProgress?: (far: { readonly entries: number }) => void;
}

export interface LakeReport {
  readonly verdict: 'OK' | Finding['verdict'];
  /** absent when OK */
  readonly firstBad?: Finding;
  /** log indices 0 to this (exclusive) were read */
  readonly entries: number;
  /** of the largest signed checkpoint that the rows lead to */
  readonly signedTo: number;
  readonly checked: readonly string[];
  readonly notChecked: readonly string[];
}

const CHECKED = [
  'that every position is in exactly one row of one file, in order',
  'that each file is the one that its manifest names, and that no other is there',
  'that every row, with its fingerprint, is what its entry makes of it',
  'that the entries are those of the log, by the root of every checkpoint, and who signed it',
] as const;
const ABOUT_LEDGER =
  'whether the ledger lost what the lake has, and who was entitled to what it records: verify the ledger';

/** @throws LakeError LAKE_INVALID: it is no lake */
export async function verifyLake(options: LakeToVerify): Promise<LakeReport> {
  const file = await options.files.read(LAKE_FILE);
  if (file === undefined)
    throw new LakeError({ code: 'LAKE_INVALID', message: `there is no ${LAKE_FILE}: name the folder of a lake` });
  const walk = new Walk(options, parseLake(file));
  try {
    return reportOf(walk, await walk.all());
  } catch (error) {
    if (error instanceof Wrong) return reportOf(walk, undefined, error.finding);
    throw error;
  }
}

interface Point {
  readonly path: string;
  readonly note: string;
  readonly checkpoint: Checkpoint;
}

class Walk {
  readonly edge = new MerkleEdge();
  signedTo = 0;
  private readonly options: LakeToVerify;
  private readonly lake: Lake;
  private readonly rootEntries: LoggedEntry[] = [];
  /** by size: what manifests say, and the rows have still to lead to */
  private readonly points = new Map<number, Point[]>();

  constructor(options: LakeToVerify, lake: Lake) {
    this.options = options;
    this.lake = lake;
  }

  /** Where the export has not ended, if it has not. @throws Wrong */
  async all(): Promise<number | undefined> {
    const { files, onProgress } = this.options;
    const { manifests, extra, unfinishedFrom } = await takeInventory(files);
    const reached: Point[] = [];
    for (const path of manifests) {
      reached.push(...(await this.range(path)));
      onProgress?.({ entries: this.edge.size });
    }
    if (extra !== undefined) throw wrong('CONTENT_MISMATCH', 'no manifest names this file', { path: extra });
    this.signatures(reached);
    return unfinishedFrom;
  }

  /** The checkpoints that its rows lead to. */
  private async range(path: string): Promise<readonly Point[]> {
    const { lake, options, edge } = this;
    const manifest = await openManifest(options.files, path);
    const checkpoint = await checkManifest(options.files, { manifest, path, lake, end: edge.size });
    const points = this.points.get(checkpoint.size) ?? [];
    this.points.set(checkpoint.size, [...points, { path, note: manifest.checkpoint, checkpoint }]);
    let changed: Wrong | undefined;
    const rows = await readRows(options, { manifest, path, lake }, (finding) => (changed ??= finding));
    const toEvent = createRangeMapper(lake, manifest);
    const reached: Point[] = [];
    for (let position = manifest.from; position < manifest.to; position += 1) {
      const row = rows.get(position);
      if (row === undefined) throw wrong('MISSING_ENTRY', 'it is in no file of its range', { path, position });
      this.row(row, { position, manifest, toEvent });
      reached.push(...this.pointsHere());
    }
    // No row is another: then it is the packing.
    if (changed !== undefined) throw changed;
    return reached;
  }

  private row(
    { event, path }: Row,
    {
      position,
      manifest,
      toEvent,
    }: { position: number; manifest: Manifest; toEvent: ReturnType<typeof createRangeMapper> },
  ): void {
    const at = { path, position };
    const raw = event['raw_data'];
    const note = Buffer.from(typeof raw === 'string' ? raw : '');
    const parsed = parseEntry(note);
    if (parsed.kind === 'unreadable') throw wrong('UNREADABLE', `raw_data is not an entry: ${parsed.reason}`, at);
    const hash = leafHash(note);
    const { body } = parsed;
    const expected = toEvent({ body, note: note.toString('utf8'), hash: toHex(hash), position });
    const field = firstDifference(expected.event, event);
    if (field !== undefined) throw wrong('CONTENT_MISMATCH', `${field} is not what the entry makes of it`, at);
    if (tablePath(expected.place, manifest) !== path)
      throw wrong('CONTENT_MISMATCH', 'it belongs into the file of another class or day', at);
    if (body.entity === ROOT_CHAIN) this.rootEntries.push({ chain: ROOT_CHAIN, seq: body.seq, note, hash, position });
    this.edge.append(hash);
  }

  private pointsHere(): readonly Point[] {
    const { edge, signedTo } = this;
    const points = this.points.get(edge.size);
    if (points === undefined) return [];
    const bad = points.find(({ checkpoint }) => Buffer.compare(checkpoint.root, edge.root()) !== 0);
    if (bad !== undefined)
      throw wrong(
        'LINK_BROKEN',
        `the rows do not give the root of its checkpoint: from position ${signedTo} to ${edge.size - 1} an entry is another, and its row with it`,
        { path: bad.path, position: signedTo },
      );
    this.signedTo = edge.size;
    this.points.delete(edge.size);
    return points;
  }

  /** The trusted key may be one before or after that of a checkpoint: the rotations are in the rows. */
  private signatures(reached: readonly Point[]): void {
    const { origin } = this.lake;
    const keys = rootHistory(this.options.root, this.rootEntries).logKeys(origin);
    for (const { path, note } of reached) {
      const opened = openCheckpoint(Buffer.from(note), keys, origin);
      if (opened.kind !== 'opened') throw wrong(opened.verdict, `its checkpoint: ${opened.reason}`, { path });
    }
  }
}

/** The name of a column, or undefined. */
function firstDifference(expected: JsonObject, found: JsonObject): string | undefined {
  const names = new Set([...Object.keys(expected), ...Object.keys(found)]);
  return [...names].find((name) => !isSame(expected[name], found[name]));
}

function isSame(one: JsonValue | undefined, other: JsonValue | undefined): boolean {
  if (one === other) return true;
  if (Array.isArray(one))
    return (
      Array.isArray(other) &&
      one.length === other.length &&
      one.every((value, i) => isSame(value as JsonValue, other[i] as JsonValue))
    );
  return isObject(one) && isObject(other) && firstDifference(one, other) === undefined;
}

function reportOf({ edge, signedTo }: Walk, unfinishedFrom: number | undefined, firstBad?: Finding): LakeReport {
  const entries = edge.size;
  if (firstBad !== undefined)
    return {
      ...{ verdict: firstBad.verdict, firstBad, entries, signedTo: 0, checked: [] },
      notChecked: ['what comes after the first that is bad', ABOUT_LEDGER],
    };
  const unsigned = `positions ${signedTo} to ${entries - 1} against the log: their checkpoint covers more than is exported`;
  const unfinished = `the range from ${unfinishedFrom ?? entries} on: its export has not ended, so export again`;
  return {
    ...{ verdict: 'OK', entries, signedTo, checked: CHECKED },
    notChecked: [
      ...(signedTo < entries ? [unsigned] : []),
      ...(unfinishedFrom === undefined ? [] : [unfinished]),
      ABOUT_LEDGER,
    ],
  };
}
