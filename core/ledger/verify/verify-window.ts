/**
 * Verifies the ledger, or a window of its log, against everything that was signed or remembered of it. It decides what is
 * read, joins what segments found and writes the report; how segments are read (which store, how many cores) is not its
 * business. What lies before a window comes from the published tiles, so a window costs what is in it.
 */
import type { EpochMs } from '../../brands/index.ts';
import { toHex } from '../../canonical/index.ts';
import { defined, orNone } from '../../values/index.ts';
import { LogError } from '../merkle/log-errors.ts';
import { MerkleEdge } from '../merkle/merkle-edge.ts';
import type { HashReader } from '../merkle/merkle-prove.ts';
import type { EntryStore } from '../entries/ports.ts';
import { TILE_WIDTH } from '../merkle/tile-path.ts';
import { tileHashReader } from '../merkle/tile-reader.ts';
import {
  BEHIND_BAD,
  BYTES,
  DOCUMENTS,
  DOCUMENTS_WITHIN,
  FIELDS,
  indicesOf,
  LINKS,
  LINKS_WITHIN,
  indicesBehindEnd,
  noneInQuestion,
  CANONICAL_FORM,
  OTHER_ENTRIES,
  WHO_WAS_ENTITLED,
  entriesUncovered,
  unanchoredFrom,
  REMOVED_END,
  REPLACED_TOGETHER,
  PRESENCE,
  ROOTS,
  SIGNATURES,
  tilesOf,
  importedOn,
} from './report-words.ts';
import { joinReplayIndices, type ReplayIndex, type ReplayReport } from './replay-index.ts';
import { logFinding, type Finding, type VerificationReport } from '../entries/verification.ts';
import { holdAgainst, type Agreement, type VerifiedTree } from './verify-against.ts';
import { checkUpperTiles } from './verify-files.ts';
import { joinSegments, type ChainPlace, type ChainSpan, type Segment } from './verify-log.ts';
import { readPoints, type Points, type PointSources } from './verify-points.ts';
import { perfectSubtrees, rootsAt } from './verify-tree.ts';

/** Log indices from..to (exclusive), `from` a multiple of 256. */
export interface Window {
  readonly from: number;
  readonly to: number;
  /** sizes at which the root is wanted */
  readonly sizes: readonly number[];
  /** entries that were published: their files are compared */
  readonly published: number;
  /** the store has fewer: files that are missing as well are not the news */
  readonly isShort: boolean;
  /** what the replay of decisions needs is wanted too */
  readonly replay: boolean;
}

export type Scope =
  | { readonly mode: 'full' }
  /** log indices, `to` exclusive */
  | { readonly mode: 'range'; readonly from: number; readonly to: number }
  /** what came after `remembered` of PointSources */
  | { readonly mode: 'since' };

export interface WindowOptions extends PointSources {
  /** the ledger's origin, in every genesis hash; default: `origin`, which a log begun anew after a loss has another of */
  readonly genesis?: string;
  readonly scope: Scope;
  readonly entries: Pick<EntryStore, 'read' | 'readLog'>;
  /** what was read when a verification began that is gone on with; absent: it begins now */
  readonly begun?: { readonly points: Points; readonly size: number };
  /** One past the last log index that the store knows of. */
  readonly size: () => Promise<number>;
  /** Verifies a window in segments that begin at multiples of 256. @returns one segment with its tree for each, in order */
  readonly segments: (window: Window) => Promise<readonly Segment[]>;
  /** Replays who was entitled to decide; only for the whole ledger, because authority begins with its first entry. */
  readonly replay?: (index: ReplayIndex) => Promise<ReplayReport>;
  /** Verifies what follows from the entries. @param changed chains of the window with change-sets */
  readonly documents?: (changed: readonly string[], scope: Scope) => Promise<Finding | undefined>;
  /** Verifies what is kept beside the ledger. Asked only where entries are read whole. @param chains with confidential fields */
  readonly fields?: (chains: readonly string[]) => Promise<Finding | undefined>;
  /** whether `segments` checks signatures; for the report */
  readonly signatures: boolean;
  /** milliseconds since the Unix epoch */
  readonly now: EpochMs;
  readonly requireAnchored?: boolean;
  readonly maxAgeMinutes?: number;
}

export async function verifyWindow(options: WindowOptions): Promise<VerificationReport> {
  const { points, size } = options.begun ?? { points: await readPoints(options), size: await options.size() };
  const window = { ...windowOf(options.scope, points, size), replay: replaysAll(options) };
  const [segments, index] = apart(window.from < window.to ? await options.segments(window) : []);
  const joined = joinSegments(
    options.genesis ?? options.origin,
    segments,
    await placesBefore(options.entries, window, segments),
  );
  const found = { points, size, window, segments, heads: joined.heads };
  if (joined.finding !== undefined) return report(options, found, { finding: joined.finding });
  const agreement = await agree(options, found);
  const tiles = agreement.finding ?? (await checkTiles(options, found));
  const replayed = tiles === undefined ? await replay(options, index) : undefined;
  const finding =
    tiles ??
    replayed?.finding ??
    (await checkDocuments(options, found)) ??
    (await checkFields(options, found)) ??
    nothingThere(options.scope, size);
  return report(options, { ...found, replayed }, { ...agreement, ...defined({ finding }) });
}

/** A range that was mistyped must not be found right. */
function nothingThere(scope: Scope, size: number): Finding | undefined {
  if (scope.mode !== 'range' || scope.from < size) return undefined;
  return logFinding('NOT_FOUND', `the ledger has ${size} entries: there is none from log index ${scope.from} on`);
}

function replaysAll({ scope, replay }: WindowOptions): boolean {
  return scope.mode === 'full' && replay !== undefined;
}

/** The index for the replay grows with the log: once it is joined, nothing holds its parts. */
function apart(verified: readonly Segment[]): [Segment[], ReplayIndex] {
  const index = joinReplayIndices(verified.flatMap((segment) => segment.replay ?? []));
  return [verified.map(({ replay: _, ...segment }) => segment), index];
}

async function replay(options: WindowOptions, index: ReplayIndex): Promise<ReplayReport | undefined> {
  return replaysAll(options) ? options.replay?.(index) : undefined;
}

interface Found {
  readonly points: Points;
  /** of the store */
  readonly size: number;
  readonly window: Window;
  readonly segments: readonly Segment[];
  readonly heads: ReadonlyMap<string, ChainSpan>;
  readonly replayed?: ReplayReport | undefined;
}

function windowOf(scope: Scope, points: Points, size: number): Omit<Window, 'replay'> {
  const remembered = orNone(points.others.find(({ kind }) => kind === 'remembered')?.checkpoint.size);
  const start = scope.mode === 'range' ? scope.from : scope.mode === 'since' ? remembered : 0;
  const from = Math.min(start, size) - (Math.min(start, size) % TILE_WIDTH);
  const end = scope.mode === 'range' ? Math.ceil(scope.to / TILE_WIDTH) * TILE_WIDTH : size;
  const signed = [points.published, ...points.cosignatures, ...points.others].flatMap((one) =>
    one === undefined ? [] : [one.checkpoint.size],
  );
  const to = Math.min(end, size);
  const sizes = [...new Set([...signed, ...points.anchored])].filter((one) => one >= from && one <= to);
  const published = orNone(points.published?.checkpoint.size);
  return { from, to, sizes, published, isShort: published > size };
}

/** Where the chains stood that have entries in the window but begin before it. */
async function placesBefore(
  entries: Pick<EntryStore, 'read'>,
  window: Window,
  segments: readonly Segment[],
): Promise<ReadonlyMap<string, ChainPlace>> {
  const places = new Map<string, ChainPlace>();
  if (window.from === 0) return places;
  const seen = new Set<string>();
  for (const { spans } of segments) {
    for (const [chain, { firstSeq }] of spans) {
      if (firstSeq === 0 || seen.has(chain)) continue;
      seen.add(chain);
      const [entry] = await entries.read(chain, firstSeq - 1, 1);
      if (entry?.seq === firstSeq - 1) places.set(chain, { seq: entry.seq, hash: toHex(entry.hash) });
    }
  }
  return places;
}

async function agree(options: WindowOptions, found: Found): Promise<Agreement> {
  const { points, window, size } = found;
  const tree = await treeOf(options, found);
  if ('verdict' in tree) return { finding: tree, against: [], anchored: 0 };
  return holdAgainst(points, tree, {
    ...options,
    anchorsFrom: window.from,
    anchorsTo: options.scope.mode === 'range' ? window.to : Infinity,
    ...(options.requireAnchored === true ? { requireAnchoredTo: Math.min(size, window.to) } : {}),
  });
}

/** The roots that the window leads to; what is outside it comes from the tiles. */
async function treeOf({ read }: WindowOptions, found: Found): Promise<VerifiedTree | Finding> {
  const { points, window, size, segments } = found;
  const { from, to, published } = window;
  const comparedTo = from === 0 ? Math.min(published, to) : 0;
  const hashes = read === undefined ? undefined : tileHashReader(read, published);
  // Without tiles to begin with nothing can be said about roots; about sizes it can.
  const unknown = { size, rootAt: () => undefined, comparedTo };
  if (from > 0 && (hashes === undefined || from > published)) return unknown;
  try {
    const base = await baseAt(from, hashes);
    const { roots, end } = rootsAt(
      base,
      segments.flatMap(({ tree }) => tree ?? []),
      window.sizes,
    );
    const beyond = new Map(roots);
    const newest = points.anchored.at(-1);
    for (const wanted of [published, ...(newest === undefined ? [] : [newest])]) {
      if (hashes === undefined || wanted <= to || wanted > published || end.size !== to || to % TILE_WIDTH !== 0)
        continue;
      beyond.set(wanted, await rootBeyond(end, wanted, hashes));
    }
    return { size, rootAt: (at) => beyond.get(at), comparedTo };
  } catch (error) {
    if (error instanceof LogError) return logFinding('UNREADABLE', `outside the range: ${error.message}`);
    throw error;
  }
}

async function baseAt(size: number, hashes: HashReader | undefined): Promise<MerkleEdge> {
  if (size === 0 || hashes === undefined) return new MerkleEdge();
  return new MerkleEdge({ size, edge: Buffer.concat(await hashes(perfectSubtrees(0, size))) });
}

async function rootBeyond(from: MerkleEdge, size: number, hashes: HashReader): Promise<Uint8Array> {
  const edge = new MerkleEdge(from.state());
  const nodes = perfectSubtrees(edge.size, size);
  for (const [i, hash] of (await hashes(nodes)).entries()) edge.append(hash, nodes[i]?.level);
  return edge.root();
}

/** Tiles above level 0: a window uses them, so its root shows that they are right. */
async function checkTiles({ read }: WindowOptions, { window, segments }: Found): Promise<Finding | undefined> {
  if (read === undefined || window.from > 0 || window.published === 0 || window.to < window.published) return undefined;
  const tileRoots = Buffer.concat(segments.map(({ tree }) => tree?.tileRoots ?? new Uint8Array()));
  return checkUpperTiles({ read, size: window.published }, tileRoots);
}

async function checkDocuments({ documents, scope }: WindowOptions, { heads }: Found): Promise<Finding | undefined> {
  const changed = [...heads].filter(([, { hasChanges }]) => hasChanges).map(([chain]) => chain);
  return documents?.(changed, scope);
}

async function checkFields({ fields, signatures }: WindowOptions, { heads }: Found): Promise<Finding | undefined> {
  if (fields === undefined || !signatures) return undefined;
  return fields([...heads].filter(([, { hasCommits }]) => hasCommits === true).map(([chain]) => chain));
}

function report(
  options: WindowOptions,
  found: Found,
  { finding, against = [], anchored = 0 }: Partial<Agreement>,
): VerificationReport {
  const { points, segments, heads } = found;
  return {
    verdict: finding?.verdict ?? 'OK',
    ...defined({ firstBad: finding }),
    entries: segments.reduce((sum, { entries }) => sum + entries, 0),
    chains: heads.size,
    against,
    checked: checkedOf(options, found, against),
    notChecked: [
      ...(finding === undefined || segments.every((one) => one.finding === undefined) ? [] : [BEHIND_BAD]),
      ...notLookedAt(options, found),
      ...importedIn(heads),
      ...notCovered(options, found, anchored),
      ...notHeldAgainst(points, against),
    ],
    ...(finding === undefined && points.published !== undefined && options.scope.mode !== 'range'
      ? { checkpoint: Buffer.from(points.published.note).toString('utf8') }
      : {}),
  };
}

/** Nobody but the importer saw it. */
function importedIn(heads: Found['heads']): readonly string[] {
  const chains = heads.values().filter(({ hasImports }) => hasImports === true);
  const count = [...chains].length;
  return count === 0 ? [] : [importedOn(count)];
}

function checkedOf(
  options: WindowOptions,
  { window: { from, to, published }, replayed }: Found,
  against: Agreement['against'],
): readonly string[] {
  const { signatures, scope, documents } = options;
  const isPart = scope.mode !== 'full';
  const compared = Math.max(0, Math.min(published, to) - from);
  return [
    ...(isPart && from < to ? [indicesOf(from, to - 1)] : []),
    BYTES,
    isPart ? LINKS_WITHIN : LINKS,
    PRESENCE,
    ...(signatures ? [SIGNATURES] : []),
    ...(compared === 0 ? [] : [tilesOf(compared)]),
    ...(against.length === 0 ? [] : [ROOTS]),
    ...(replayed?.checked ?? []),
    ...(areFieldsChecked(options) ? [FIELDS] : []),
    ...(documents === undefined ? [] : [isPart ? DOCUMENTS_WITHIN : DOCUMENTS]),
  ];
}

/** What was not asked for, or is not there to be looked at. */
function notLookedAt(options: WindowOptions, { size, window: { from, to }, replayed }: Found): readonly string[] {
  const { signatures, scope } = options;
  const isPart = scope.mode !== 'full';
  return [
    ...(scope.mode === 'range' && scope.from < size && scope.to > size ? [indicesBehindEnd(size, scope.to - 1)] : []),
    ...(from < to || !isPart ? [] : [noneInQuestion(size)]),
    ...(signatures ? [] : [SIGNATURES, CANONICAL_FORM]),
    ...(isPart ? [OTHER_ENTRIES] : []),
    ...(replayed?.notChecked ?? [WHO_WAS_ENTITLED]),
    ...(areFieldsChecked(options) ? [] : [FIELDS]),
  ];
}

/** What rests on this ledger's own word, as yet. */
function notCovered(
  { read }: WindowOptions,
  { size, window: { published } }: Found,
  anchored: number,
): readonly string[] {
  if (read === undefined) return [];
  return [
    ...(published < size ? [entriesUncovered(size - published)] : []),
    ...(anchored < size ? [unanchoredFrom(anchored)] : []),
  ];
}

function areFieldsChecked({ fields, signatures }: WindowOptions): boolean {
  return fields !== undefined && signatures;
}

/** What nobody can say who has nothing kept elsewhere. */
function notHeldAgainst({ others }: Points, against: Agreement['against']): readonly string[] {
  if (against.length === 0) return [REMOVED_END];
  return others.some(({ kind }) => kind === 'remembered') ? [] : [REPLACED_TOGETHER];
}
