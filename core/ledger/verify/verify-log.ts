/**
 * Verification of a segment of the log and of whole chains: nothing missing, nothing moved, every `prev` right. Segments
 * can be checked apart, on several cores, and joined afterwards; memory grows with the number of chains, not entries.
 */
import type { ChainHash } from '../../brands/index.ts';
import { toHex } from '../../canonical/index.ts';
import { defined } from '../../values/index.ts';
import { isImported } from '../entries/imported.ts';
import { genesisHash } from '../entries/entry.ts';
import type { LoggedEntry } from '../entries/ports.ts';
import { ReplayIndexBuilder, type ReplayIndex } from './replay-index.ts';
import { TILE_WIDTH } from '../merkle/tile-path.ts';
import type { Finding } from '../entries/verification.ts';
import { findingAt, type CheckedPlace, type EntryVerifier } from './verify-entry.ts';
import { SegmentHashesBuilder, type SegmentHashes } from './verify-tree.ts';

/** Stands for the chain of an entry of which nothing is left, not even a record. */
export const NOT_RECORDED = '(not recorded)';

/** One line of the commit-order record: which entry was committed at this position. */
export interface LogPlace {
  readonly position: number;
  readonly chain: string;
  readonly seq: number;
  readonly hash: Uint8Array;
}

/** A position with what the record and the store have there; either can be missing. */
export interface LogPair {
  readonly position: number;
  readonly place: LogPlace | undefined;
  readonly entry: LoggedEntry | undefined;
  /** why the store could not read what it has here */
  readonly damage?: string;
}

/** What a segment leaves to be checked against its neighbours, per chain. */
export interface ChainSpan {
  readonly firstSeq: number;
  readonly firstPrev: string;
  readonly firstPosition: number;
  lastSeq: number;
  lastHash: ChainHash;
  /** the chain has entries of change-sets, so its document can be recomputed */
  hasChanges: boolean;
  /** it has entries with confidential fields; unknown where only what links entries is read */
  hasCommits?: boolean;
  /** it has entries that were imported; unknown where only what links entries is handed on */
  hasImports?: boolean;
}

/** A chain's newest entry at some moment. */
export interface ChainPlace {
  readonly seq: number;
  /** hex */
  readonly hash: ChainHash;
}

export interface Segment {
  readonly entries: number;
  readonly spans: ReadonlyMap<string, ChainSpan>;
  /** the first bad entry; the segment was not looked at beyond it */
  readonly finding?: Finding;
  /** hashes for the Merkle tree, when they were asked for */
  readonly tree?: SegmentHashes;
  /** what a replay needs, when it was asked for */
  readonly replay?: ReplayIndex;
}

/** What is to be found out about the Merkle tree on the way. */
export interface SegmentTree {
  /** log index of the first pair; a multiple of 256 */
  readonly from: number;
  /** sizes at which the root is wanted */
  readonly sizes: Iterable<number>;
  /** Looks at the entries of each tile as it is complete, and at those of the last one. */
  readonly onTile?: (index: number, entries: readonly LoggedEntry[]) => Promise<Finding | undefined>;
  /** Gathers what the replay of decisions needs. */
  readonly replay?: boolean;
}

/** Checks consecutive positions. Stops at the first bad one. */
export async function verifySegment(
  pairs: AsyncIterable<readonly LogPair[]>,
  verifier: EntryVerifier,
  tree?: SegmentTree,
): Promise<Segment> {
  const spans = new Map<string, ChainSpan>();
  const grown = tree === undefined ? undefined : new TileWalk(tree);
  const replay = tree?.replay === true ? new ReplayIndexBuilder(tree.from) : undefined;
  let entries = 0;
  for await (const page of pairs) {
    for (const pair of page) {
      const checked = checkPair(pair, spans, { verifier, replay });
      let finding = checked instanceof Promise ? await checked : checked;
      if (finding === undefined) {
        entries += 1;
        if (grown?.add(pair.entry as LoggedEntry) === true) finding = await grown.checkTile();
      }
      if (finding !== undefined) return { entries, spans, finding };
    }
  }
  const finding = await grown?.checkTile();
  return {
    ...{ entries, spans },
    ...defined({ finding }),
    ...(grown === undefined ? {} : { tree: grown.tree.built() }),
    ...(replay === undefined ? {} : { replay: replay.built() }),
  };
}

/** Holds the entries of the tile that is being filled. */
class TileWalk {
  readonly tree: SegmentHashesBuilder;
  private readonly onTile: SegmentTree['onTile'];
  private index: number;
  private entries: LoggedEntry[] = [];

  constructor({ from, sizes, onTile }: SegmentTree) {
    this.tree = new SegmentHashesBuilder(from, sizes);
    this.onTile = onTile;
    this.index = from / TILE_WIDTH;
  }

  /** @returns true when the tile is full */
  add(entry: LoggedEntry): boolean {
    this.tree.append(entry.hash);
    return this.entries.push(entry) === TILE_WIDTH;
  }

  async checkTile(): Promise<Finding | undefined> {
    const { index, entries } = this;
    this.index += 1;
    this.entries = [];
    return entries.length === 0 ? undefined : this.onTile?.(index, entries);
  }
}

/**
 * Joins segments in log order.
 * @param before where chains stand that began before the first segment; absent: none did
 * @returns the first bad entry of all, if any, and the chains seen
 */
export function joinSegments(
  origin: string,
  segments: readonly Segment[],
  before: ReadonlyMap<string, ChainPlace> = new Map(),
): { readonly heads: ReadonlyMap<string, ChainSpan>; readonly finding?: Finding } {
  const heads = new Map<string, ChainSpan>();
  for (const segment of segments) {
    // Chains are in the order of their first entries, and a segment ends where it found something: a chain that does not
    // begin as it must comes before that, whatever log index the finding itself is about.
    let broken: Finding | undefined;
    for (const [chain, span] of segment.spans) {
      const head = heads.get(chain);
      const place = head === undefined ? before.get(chain) : { seq: head.lastSeq, hash: head.lastHash };
      broken ??= checkJoint(origin, { chain, span, place });
      heads.set(chain, {
        ...span,
        hasChanges: span.hasChanges || head?.hasChanges === true,
        hasCommits: span.hasCommits === true || head?.hasCommits === true,
        hasImports: span.hasImports === true || head?.hasImports === true,
      });
    }
    const finding = broken ?? segment.finding;
    if (finding !== undefined) return { heads, finding };
  }
  return { heads };
}

interface Looking {
  readonly verifier: EntryVerifier;
  readonly replay: ReplayIndexBuilder | undefined;
}

/** Synchronous where the verifier is: a promise for every entry would cost as much as its hash. */
function checkPair(
  pair: LogPair,
  spans: Map<string, ChainSpan>,
  { verifier, replay }: Looking,
): Finding | undefined | Promise<Finding | undefined> {
  const { position, place, entry, damage } = pair;
  if (entry === undefined) {
    const lost = place ?? { chain: NOT_RECORDED, seq: 0, position };
    if (damage !== undefined) return findingAt(lost, 'UNREADABLE', damage);
    return findingAt(lost, 'MISSING_ENTRY', 'an entry was committed at this position, but it is gone');
  }
  const checked = verifier.checkPlace(entry);
  return checked instanceof Promise
    ? checked.then((checked) => linkPair(entry, place, { checked, replay }, spans))
    : linkPair(entry, place, { checked, replay }, spans);
}

function linkPair(
  entry: LoggedEntry,
  place: LogPlace | undefined,
  { checked, replay }: Pick<Looking, 'replay'> & { readonly checked: CheckedPlace },
  spans: Map<string, ChainSpan>,
): Finding | undefined {
  if (checked.kind === 'bad') return checked.finding;
  const { prev, type } = checked.body;
  const finding = recordFinding(entry, place);
  if (finding !== undefined) return finding;
  replay?.add(type, entry.note);
  const hash = toHex(entry.hash);
  const hasChanges = isAboutDocument(type);
  const span = spans.get(entry.chain);
  if (span === undefined) {
    spans.set(entry.chain, {
      firstSeq: entry.seq,
      firstPrev: prev,
      firstPosition: entry.position,
      lastSeq: entry.seq,
      lastHash: hash,
      hasChanges,
      hasCommits: checked.body.commits !== undefined,
      hasImports: isImported(entry.note),
    });
    return undefined;
  }
  const broken = linkFinding(entry, prev, { seq: span.lastSeq, hash: span.lastHash });
  span.lastSeq = entry.seq;
  span.lastHash = hash;
  span.hasChanges ||= hasChanges;
  span.hasCommits ||= checked.body.commits !== undefined;
  span.hasImports ||= isImported(entry.note);
  return broken;
}

/** Entries that lead to the document of their chain's entity: change-sets, and the adoption of a policy. */
export function isAboutDocument(type: string): boolean {
  return type.startsWith('change.') || type === 'policy.adopted' || type === 'redacted';
}

/** Does the commit-order record have this entry here? */
function recordFinding(entry: LoggedEntry, place: LogPlace | undefined): Finding | undefined {
  if (place === undefined) {
    const detail = 'stored here, but never committed: the commit-order record does not know it';
    return findingAt(entry, 'LINK_BROKEN', detail);
  }
  if (place.chain !== entry.chain || place.seq !== entry.seq) {
    const detail = `the commit-order record has "${place.chain}" #${place.seq} at this position`;
    return findingAt(entry, 'LINK_BROKEN', detail);
  }
  if (place.hash === entry.hash || Buffer.compare(place.hash, entry.hash) === 0) return undefined;
  const detail = `committed with hash ${toHex(place.hash)}, found ${toHex(entry.hash)}`;
  return findingAt(entry, 'CONTENT_MISMATCH', detail);
}

function checkJoint(
  origin: string,
  { chain, span, place }: { chain: string; span: ChainSpan; place: ChainPlace | undefined },
): Finding | undefined {
  const before = place ?? { seq: -1, hash: genesisHash(origin, chain) };
  return linkFinding({ chain, seq: span.firstSeq, position: span.firstPosition }, span.firstPrev, before);
}

/** Does an entry follow the one before it in its chain? */
export function linkFinding(
  entry: { readonly chain: string; readonly seq: number; readonly position: number | undefined },
  prev: string,
  before: ChainPlace,
): Finding | undefined {
  if (entry.seq > before.seq + 1) {
    return findingAt(
      { chain: entry.chain, seq: before.seq + 1 },
      'MISSING_ENTRY',
      `after #${before.seq} comes #${entry.seq}`,
    );
  }
  if (entry.seq <= before.seq) return findingAt(entry, 'LINK_BROKEN', `#${entry.seq} comes after #${before.seq}`);
  return prev === before.hash
    ? undefined
    : findingAt(entry, 'LINK_BROKEN', `names ${prev} as the entry before it, which is ${before.hash}`);
}
