/**
 * Verification of a stretch of the log and of whole chains: nothing missing, nothing moved, every `prev` right. Stretches
 * can be checked apart, on several cores, and joined afterwards; memory grows with the number of chains, not entries.
 */
import { toHex } from '../canonical/index.ts';
import { genesisHash } from './entry.ts';
import type { LoggedEntry } from './ports.ts';
import type { Finding } from './verification.ts';
import { findingAt, type EntryVerifier } from './verify-entry.ts';

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

/** What a stretch leaves to be checked against its neighbours, per chain. */
export interface ChainSpan {
  readonly firstSeq: number;
  readonly firstPrev: string;
  readonly firstPosition: number;
  lastSeq: number;
  lastHash: string;
  /** the chain has entries of change-sets, so its document can be recomputed */
  hasChanges: boolean;
}

export interface Segment {
  readonly entries: number;
  readonly spans: ReadonlyMap<string, ChainSpan>;
  /** the first bad entry; the stretch was not looked at beyond it */
  readonly finding?: Finding;
}

/** Checks consecutive positions. Stops at the first bad one. */
export async function verifySegment(
  pairs: AsyncIterable<readonly LogPair[]>,
  verifier: EntryVerifier,
): Promise<Segment> {
  const spans = new Map<string, ChainSpan>();
  let entries = 0;
  for await (const page of pairs) {
    for (const pair of page) {
      const finding = await checkPair(pair, spans, verifier);
      if (finding !== undefined) return { entries, spans, finding };
      entries += 1;
    }
  }
  return { entries, spans };
}

/** Joins stretches in log order. @returns the first bad entry of all, if any, and the chains seen */
export function joinSegments(
  origin: string,
  segments: readonly Segment[],
): { readonly heads: ReadonlyMap<string, ChainSpan>; readonly finding?: Finding } {
  const heads = new Map<string, ChainSpan>();
  for (const segment of segments) {
    const findings = segment.finding === undefined ? [] : [segment.finding];
    for (const [chain, span] of segment.spans) {
      const finding = checkJoint(origin, { chain, span, head: heads.get(chain) });
      if (finding !== undefined) findings.push(finding);
      heads.set(chain, { ...span, hasChanges: span.hasChanges || heads.get(chain)?.hasChanges === true });
    }
    findings.sort((a, b) => (a.position ?? 0) - (b.position ?? 0));
    if (findings[0] !== undefined) return { heads, finding: findings[0] };
  }
  return { heads };
}

async function checkPair(
  { position, place, entry, damage }: LogPair,
  spans: Map<string, ChainSpan>,
  verifier: EntryVerifier,
): Promise<Finding | undefined> {
  if (entry === undefined) {
    const lost = place ?? { chain: '(not recorded)', seq: 0, position };
    if (damage !== undefined) return findingAt(lost, 'UNREADABLE', damage);
    return findingAt(lost, 'MISSING_ENTRY', 'an entry was committed at this position, but it is gone');
  }
  const checked = await verifier.check(entry);
  if (checked.kind === 'bad') return checked.finding;
  if (place === undefined)
    return findingAt(
      entry,
      'LINK_BROKEN',
      'stored here, but never committed: the commit-order record does not know it',
    );
  if (place.chain !== entry.chain || place.seq !== entry.seq) {
    return findingAt(
      entry,
      'LINK_BROKEN',
      `the commit-order record has "${place.chain}" #${place.seq} at this position`,
    );
  }
  const hash = toHex(entry.hash);
  if (Buffer.compare(place.hash, entry.hash) !== 0)
    return findingAt(entry, 'CONTENT_MISMATCH', `committed with hash ${toHex(place.hash)}, found ${hash}`);
  const hasChanges = checked.body.type.startsWith('change.');
  const span = spans.get(entry.chain);
  if (span === undefined) {
    const { seq, prev } = checked.body;
    spans.set(entry.chain, {
      firstSeq: seq,
      firstPrev: prev,
      firstPosition: entry.position,
      lastSeq: seq,
      lastHash: hash,
      hasChanges,
    });
    return undefined;
  }
  const finding = linkFinding(entry, checked.body.prev, { seq: span.lastSeq, hash: span.lastHash });
  span.lastSeq = entry.seq;
  span.lastHash = hash;
  span.hasChanges ||= hasChanges;
  return finding;
}

function checkJoint(
  origin: string,
  { chain, span, head }: { chain: string; span: ChainSpan; head: ChainSpan | undefined },
): Finding | undefined {
  const before =
    head === undefined ? { seq: -1, hash: genesisHash(origin, chain) } : { seq: head.lastSeq, hash: head.lastHash };
  return linkFinding({ chain, seq: span.firstSeq, position: span.firstPosition }, span.firstPrev, before);
}

/** Does an entry follow the one before it in its chain? */
export function linkFinding(
  entry: { readonly chain: string; readonly seq: number; readonly position: number | undefined },
  prev: string,
  before: { readonly seq: number; readonly hash: string },
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
