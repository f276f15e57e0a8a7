/**
 * Does the ledger lead to what was signed and remembered of it? Given the roots recomputed from the entries, it decides what
 * a difference means: an entry changed, missing, a forked or a rolled back log, a checkpoint not anchored, or stale ones.
 */
import { isoOf, msOf, type EpochMs } from '../../brands/index.ts';
import { defined, MS_PER_MINUTE, orNone } from '../../values/index.ts';
import { parseEntry } from '../entries/entry.ts';
import type { EntryStore } from '../entries/ports.ts';
import { TILE_WIDTH } from '../merkle/tile-path.ts';
import { logFinding, THE_LOG, type Finding, type TrustedPoint } from '../entries/verification.ts';
import { findingAt } from './verify-entry.ts';
import { checkTile, publishedEntry } from './verify-files.ts';
import { anchorPath, readAnchor, trustedPoint, type Point, type Points, type PointSources } from './verify-points.ts';

/** Anchors come right after their checkpoints: one without an anchor for longer is worth a word. */
const ANCHOR_GRACE_MS = 60_000;

export interface VerifiedTree {
  /** entries of the store */
  readonly size: number;
  /** undefined: this size was not recomputed */
  readonly rootAt: (size: number) => Uint8Array | undefined;
  /** log indices below were compared with the published files already */
  readonly comparedTo: number;
}

export interface AgainstOptions extends PointSources {
  readonly entries: Pick<EntryStore, 'read' | 'readLog'>;
  /** anchors to be opened; the newest is always opened */
  readonly anchorsFrom: number;
  readonly anchorsTo: number;
  /** milliseconds since the Unix epoch */
  readonly now: EpochMs;
  /** entries that must be anchored: NOT_YET_ANCHORED otherwise */
  readonly requireAnchoredTo?: number;
  /** STALE when the newest cosignature, or entry under a checkpoint, is older */
  readonly maxAgeMinutes?: number;
}

export interface Agreement {
  readonly finding?: Finding;
  /** what the ledger agrees with */
  readonly against: readonly TrustedPoint[];
  /** largest size that is anchored */
  readonly anchored: number;
}

export async function holdAgainst(points: Points, tree: VerifiedTree, options: AgainstOptions): Promise<Agreement> {
  const against: TrustedPoint[] = [];
  const opened = await openAnchors(points, options);
  const { anchors } = opened;
  const firm = [...points.others, ...anchors, ...points.cosignatures];
  const all = points.published === undefined ? firm : [...firm, points.published];
  const finding =
    points.findings[0] ??
    opened.finding ??
    (await firstFork(all, tree, options)) ??
    (await firstMissing(all, tree, options)) ??
    rolledBack(points, firm);
  for (const point of [points.published, ...points.cosignatures, ...points.others])
    if (point !== undefined && agrees(point, tree)) against.push(trustedPoint(point));
  const agreed = anchors.filter((anchor) => agrees(anchor, tree));
  const last = agreed.at(-1);
  if (last !== undefined) against.push(trustedPoint(last, agreed.length));
  const anchored = orNone(anchors.at(-1)?.checkpoint.size);
  const late = finding ?? (await notAnchored(points, anchored, options)) ?? (await stale(points, options));
  return { ...defined({ finding: late }), against, anchored };
}

function agrees({ checkpoint }: Point, tree: VerifiedTree): boolean {
  const computed = tree.rootAt(checkpoint.size);
  return computed !== undefined && Buffer.compare(computed, checkpoint.root) === 0;
}

async function openAnchors(
  { anchored }: Points,
  options: AgainstOptions,
): Promise<{ readonly anchors: readonly Point[]; readonly finding?: Finding }> {
  const { anchorsFrom, anchorsTo } = options;
  // The anchor of the empty log is before every window but the one that begins there.
  const isWithin = (size: number): boolean => (size > anchorsFrom || anchorsFrom === 0) && size <= anchorsTo;
  const wanted = anchored.filter((size, i) => i === anchored.length - 1 || isWithin(size));
  const anchors: Point[] = [];
  for (const size of wanted) {
    const anchor = await readAnchor(options, size);
    if ('verdict' in anchor) return { anchors, finding: anchor };
    anchors.push(anchor);
  }
  return { anchors };
}

/** The smallest trusted point that the entries do not lead to. */
async function firstFork(
  points: readonly Point[],
  tree: VerifiedTree,
  options: AgainstOptions,
): Promise<Finding | undefined> {
  const bySize = [...points].sort((a, b) => a.checkpoint.size - b.checkpoint.size);
  for (const point of bySize) {
    const { size, root } = point.checkpoint;
    const computed = tree.rootAt(size);
    if (computed === undefined || agrees(point, tree)) continue;
    const named = await firstDifference(options, tree.comparedTo, size);
    if (named !== undefined) return named;
    const detail = `the entries and tiles of size ${size} have the root ${base64(computed)}, ${nameOf(point)} says ${base64(root)}: two histories were signed, or the files were made to fit`;
    return logFinding('FORK', detail, { path: point.path });
  }
  return undefined;
}

/** The first stored entry that is not the one in the published files, where those still exist. */
async function firstDifference(
  { read, entries }: Pick<AgainstOptions, 'read' | 'entries'>,
  comparedTo: number,
  size: number,
): Promise<Finding | undefined> {
  if (read === undefined) return undefined;
  const find = async (chain: string, seq: number) =>
    (await entries.read(chain, seq, 1)).find((entry) => entry.seq === seq);
  for (let index = Math.floor(comparedTo / TILE_WIDTH); index * TILE_WIDTH < size; index += 1) {
    const page = await entries.readLog(index * TILE_WIDTH, TILE_WIDTH);
    const finding = await checkTile({ read, size, find, isLenient: true }, index, page);
    if (finding !== undefined) return finding;
  }
  return undefined;
}

/** Fewer entries than somebody was promised. */
async function firstMissing(
  points: readonly Point[],
  { size }: VerifiedTree,
  { read }: AgainstOptions,
): Promise<Finding | undefined> {
  const promises = points.filter((point) => point.checkpoint.size > size);
  const largest = promises.sort((a, b) => b.checkpoint.size - a.checkpoint.size)[0];
  if (largest === undefined) return undefined;
  const detail = `${size} entries are stored, ${nameOf(largest)} is about ${largest.checkpoint.size}`;
  const sizes = promises.map(({ checkpoint }) => checkpoint.size);
  const lost = read === undefined ? undefined : await publishedEntry(read, size, sizes);
  return lost === undefined
    ? logFinding('ROLLED_BACK', `${detail}, and the published files do not have them`, { position: size })
    : findingAt(lost, 'MISSING_ENTRY', detail);
}

function rolledBack({ published }: Points, firm: readonly Point[]): Finding | undefined {
  const newest = [...firm].sort((a, b) => b.checkpoint.size - a.checkpoint.size)[0];
  const size = published?.checkpoint.size;
  if (newest === undefined || (size !== undefined && size >= newest.checkpoint.size)) return undefined;
  const what = size === undefined ? 'no checkpoint is published' : `the published checkpoint is of size ${size}`;
  return logFinding('ROLLED_BACK', `${what}, ${nameOf(newest)} is of size ${newest.checkpoint.size}`, {
    path: 'checkpoint',
  });
}

async function notAnchored(
  { published }: Points,
  anchored: number,
  { anchors, requireAnchoredTo, entries, now }: AgainstOptions,
): Promise<Finding | undefined> {
  if (requireAnchoredTo !== undefined && anchored < requireAnchoredTo) {
    const [entry] = await entries.readLog(anchored, 1);
    const place = entry ?? { chain: THE_LOG, seq: 0, position: anchored };
    return findingAt(place, 'NOT_YET_ANCHORED', `anchored are the first ${anchored} entries, of ${requireAnchoredTo}`);
  }
  if (anchors === undefined || published === undefined) return undefined;
  const { size } = published.checkpoint;
  const at = size > anchored ? await timeOf(entries, size) : undefined;
  if (at === undefined || now - at < ANCHOR_GRACE_MS) return undefined;
  const since = isoOf(at);
  const detail = `no anchor of the published checkpoint, whose newest entry is of ${since}; are anchors kept elsewhere?`;
  return logFinding('NOT_YET_ANCHORED', detail, { path: anchorPath(size) });
}

async function stale(
  { published, cosignatures }: Points,
  { maxAgeMinutes, entries, now }: AgainstOptions,
): Promise<Finding | undefined> {
  if (maxAgeMinutes === undefined) return undefined;
  const times = cosignatures.flatMap(({ time }) => time ?? []);
  const covered = published === undefined ? undefined : await timeOf(entries, published.checkpoint.size);
  const newest = [...times, ...(covered === undefined ? [] : [covered])].sort((a, b) => b - a)[0];
  if (newest !== undefined && now - newest <= maxAgeMinutes * MS_PER_MINUTE) return undefined;
  const seen = newest === undefined ? 'does not exist' : `is of ${isoOf(newest)}`;
  const detail = `the newest sign of life under a checkpoint ${seen}, older than ${maxAgeMinutes} min: does the engine run, are newer ones withheld?`;
  return logFinding('STALE', detail, { path: 'checkpoint' });
}

/** A checkpoint was made after the newest entry it covers. */
async function timeOf(entries: Pick<EntryStore, 'readLog'>, size: number): Promise<EpochMs | undefined> {
  const [last] = size === 0 ? [] : await entries.readLog(size - 1, 1);
  const parsed = last === undefined ? undefined : parseEntry(last.note);
  return parsed?.kind === 'entry' ? msOf(parsed.body.at) : undefined;
}

function nameOf({ kind, checkpoint, by }: Point): string {
  switch (kind) {
    case 'anchor':
      return `the anchor ${anchorPath(checkpoint.size)}`;
    case 'published':
      return 'the published checkpoint';
    case 'cosignature':
      return `the checkpoint that ${by} cosigned`;
    case 'witness-memory':
      return `what the witness ${by} remembers`;
    case 'remembered':
      return 'the remembered checkpoint';
  }
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}
