/** Verification of a part of the ledger, or of its documents, on any engine: one thread, nothing but the ports. */
import type { EpochMs } from '../../brands/index.ts';
import {
  verifySegment,
  verifyWindow,
  checkTile,
  type EntryStore,
  type EntryVerifier,
  type ItemStore,
  type LogPair,
  type PointSources,
  type ReplayIndex,
  type Scope,
  type Segment,
  type VerificationReport,
  type Window,
} from '../../ledger/index.ts';
import { defined } from '../../values/index.ts';
import type { LedgerScope, VerifyRequest } from '../contract/nervous-system.ts';
import { indexForReplay, replayLog } from './verify-authority.ts';
import { verifyDocuments, verifyState } from './verify-documents.ts';

const PAGE = 1_024;

export interface PartSources {
  readonly ledger: string;
  readonly entries: EntryStore;
  readonly items: ItemStore;
  readonly points: PointSources;
  readonly verifier: (signatures: boolean) => EntryVerifier;
  /** milliseconds since the Unix epoch */
  readonly now: EpochMs;
}

export async function verifyPart(
  sources: PartSources,
  scope: LedgerScope,
  request: Omit<VerifyRequest, 'scope'> = {},
): Promise<VerificationReport> {
  const { entries, points, now, verifier } = sources;
  // What no other process writes, it writes in the order of its log.
  const decisions = { ledger: sources.ledger, entries, ...(entries.exclusive ? {} : { chains: entries }) };
  if (scope.mode === 'state')
    return verifyState(sources, async () => replayLog(decisions, await indexForReplay(sources, await entries.size())));
  const { signatures = true, remembered, ...asked } = request;
  return verifyWindow({
    ...{ ...points, ...asked, ...defined({ remembered }) },
    ...{ scope, entries, signatures, now },
    size: () => entries.size(),
    segments: async (window) => [await verifyPartSegment(sources, window, verifier(signatures))],
    replay: (index: ReplayIndex) => replayLog(decisions, index),
    documents: (changed: readonly string[], { mode }: Scope) =>
      verifyDocuments(sources, changed, { stored: mode === 'full' }),
  });
}

function verifyPartSegment(
  { entries, points: { read } }: PartSources,
  { from, to, sizes, published, isShort, replay }: Window,
  verifier: EntryVerifier,
): Promise<Segment> {
  const find = async (chain: string, seq: number) =>
    (await entries.read(chain, seq, 1)).find((entry) => entry.seq === seq);
  return verifySegment(readPairs(entries, from, to), verifier, {
    ...{ from, sizes, replay },
    ...(read === undefined
      ? {}
      : { onTile: (index, tile) => checkTile({ read, size: published, find, isLenient: isShort }, index, tile) }),
  });
}

/** The store's own order stands for a commit-order record: whether that is right, the log's tree shows. */
async function* readPairs(entries: EntryStore, from: number, to: number): AsyncGenerator<readonly LogPair[]> {
  for (let at = from; at < to; at += PAGE) {
    const page = await entries.readLog(at, Math.min(PAGE, to - at));
    const byPosition = new Map(page.map((entry) => [entry.position, entry]));
    yield Array.from({ length: Math.min(PAGE, to - at) }, (_, i) => {
      const entry = byPosition.get(at + i);
      return { position: at + i, place: entry, entry };
    });
  }
}
