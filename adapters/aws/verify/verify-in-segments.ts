/**
 * Has workers verify segments of a long log side by side and joins what they found in log order, as if one had read it all.
 * It holds no more outcomes than there are workers. A segment whose worker fails is verified here: none is passed over.
 */
import {
  HASH_BYTES,
  joinReplayIndices,
  linkFinding,
  TILE_WIDTH,
  type ChainSpan,
  type Finding,
  type ReplayIndex,
  type Segment,
  type Window,
} from '../../../core/ledger/index.ts';

/** Entries, a multiple of 256. If each is of another chain, with the longest name, the outcome has 2.8 MB; Lambda takes 6. */
export const SEGMENT_ENTRIES = 8_192;
/** Below this many segments waiting for workers to start would take longer than the work. */
const MIN_SEGMENTS = 2;
const MAX_WORKERS = 32;

/** Verifies a segment elsewhere. Rejects when that could not be done, for whatever reason. */
export type SegmentWorker = (segment: Window, signal: AbortSignal) => Promise<Segment>;

export interface InSegmentsOptions {
  /** absent: all is verified here */
  readonly worker?: SegmentWorker | undefined;
  /** verifies a segment here */
  readonly local: (segment: Window) => Promise<Segment>;
  /** is told why a segment is verified here after all */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** default: 8,192 */
  readonly segmentEntries?: number | undefined;
  /** what was verified before, from the window's beginning on */
  readonly begun?: Segment | undefined;
  /** Called after each segment; what it throws ends the work, and `joined` is what was verified until then. */
  readonly after?: ((joined: () => Segment) => void) | undefined;
}

export async function verifyInSegments(window: Window, options: InSegmentsOptions): Promise<Segment> {
  const { worker, local, segmentEntries = SEGMENT_ENTRIES, begun, after } = options;
  const segments = cut({ ...window, from: begun?.tree?.to ?? window.from }, segmentEntries);
  const isAlone = worker === undefined || segments.length <= MIN_SEGMENTS;
  if (isAlone && after === undefined) return local(window);
  const joined = new JoinedSegments(window.from);
  if (begun !== undefined) joined.add(window, begun);
  const stop = new AbortController();
  const started: { readonly segment: Window; readonly outcome: Promise<Segment | undefined> }[] = [];
  try {
    while (joined.finding === undefined) {
      for (const segment of segments.splice(0, isAlone ? 1 : MAX_WORKERS - started.length))
        started.push({ segment, outcome: attempt(options, { segment, signal: stop.signal, isAlone }) });
      const next = started.shift();
      if (next === undefined) break;
      joined.add(next.segment, (await next.outcome) ?? (await local(next.segment)));
      if (joined.isSound()) after?.(() => joined.segment());
    }
  } finally {
    stop.abort();
    await Promise.all(started.map(({ outcome }) => outcome));
  }
  return joined.segment();
}

function cut({ from, to, sizes, ...rest }: Window, length: number): Window[] {
  if (!(length > 0) || length % TILE_WIDTH !== 0) throw new TypeError('a segment must be a multiple of 256 entries');
  const segments: Window[] = [];
  for (let start = from; start < to; start += length) {
    const end = Math.min(start + length, to);
    segments.push({ ...rest, from: start, to: end, sizes: sizes.filter((size) => size > start && size <= end) });
  }
  return segments;
}

/** Never rejects: nobody may be waiting for it any more. */
async function attempt(
  { worker, onError }: InSegmentsOptions,
  { segment, signal, isAlone }: { readonly segment: Window; readonly signal: AbortSignal; readonly isAlone: boolean },
): Promise<Segment | undefined> {
  if (worker === undefined || isAlone) return undefined;
  try {
    return await worker(segment, signal);
  } catch (error) {
    if (!signal.aborted) onError?.(error);
    return undefined;
  }
}

/** One segment grown from many, equal to what one reader of the whole would have left, also where it would have stopped. */
class JoinedSegments {
  finding: Finding | undefined;
  private readonly from: number;
  private to: number;
  private entries = 0;
  private readonly spans = new Map<string, ChainSpan>();
  private readonly tileRoots: Uint8Array[] = [];
  private readonly ends: NonNullable<Segment['tree']>['ends'][number][] = [];
  private readonly replays: ReplayIndex[] = [];

  constructor(from: number) {
    this.from = from;
    this.to = from;
  }

  add({ from }: Window, { entries, spans, finding, tree, replay }: Segment): void {
    const broken = this.brokenJoint(spans);
    // A worker cannot see a broken joint and goes on; what it found, it found later in the log.
    this.finding = broken?.finding ?? finding;
    this.entries += broken === undefined ? entries : broken.position - from;
    for (const [chain, span] of spans) {
      if (broken !== undefined && span.firstPosition > broken.position) continue;
      const before = this.spans.get(chain);
      const { lastSeq, lastHash } = span;
      const hasChanges = span.hasChanges || before?.hasChanges === true;
      this.spans.set(chain, { ...(before ?? span), lastSeq, lastHash, hasChanges });
    }
    if (replay !== undefined) this.replays.push(replay);
    if (tree === undefined) return;
    this.to = tree.to;
    this.tileRoots.push(tree.tileRoots);
    this.ends.push(...tree.ends);
  }

  isSound(): boolean {
    return this.finding === undefined;
  }

  segment(): Segment {
    const { entries, spans, finding, from, to, ends } = this;
    if (finding !== undefined) return { entries, spans, finding };
    const tileRoots = new Uint8Array(this.tileRoots.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const roots of this.tileRoots) {
      tileRoots.set(roots, at);
      at += roots.length;
    }
    if (at !== Math.floor((to - from) / TILE_WIDTH) * HASH_BYTES)
      throw new TypeError('segments were joined with a gap');
    const replay = this.replays.length === 0 ? {} : { replay: joinReplayIndices(this.replays) };
    return { entries, spans, tree: { from, to, tileRoots, ends }, ...replay };
  }

  /** Of the chains that go on in this segment, the first one in the log that does not follow what came before. */
  private brokenJoint(spans: Segment['spans']): { readonly finding: Finding; readonly position: number } | undefined {
    let first: { readonly finding: Finding; readonly position: number } | undefined;
    for (const [chain, { firstSeq: seq, firstPrev, firstPosition: position }] of spans) {
      const before = this.spans.get(chain);
      if (before === undefined || (first !== undefined && first.position < position)) continue;
      const finding = linkFinding({ chain, seq, position }, firstPrev, { seq: before.lastSeq, hash: before.lastHash });
      if (finding !== undefined) first = { finding, position };
    }
    return first;
  }
}
