/** A verdict for each entry of a page of one chain: for people who look at a chain and want to know what they can rely on. */
import type { ChainHash } from '../../brands/index.ts';
import { toHex } from '../../canonical/index.ts';
import {
  genesisHash,
  linkFinding,
  LogMembership,
  readAnchor,
  readPoints,
  type EntryStore,
  type PointSources,
  type StoredEntry,
} from '../../ledger/index.ts';
import type { EntryVerdict } from '../contract/nervous-system.ts';
import type { EntityVerification } from './verify-entity.ts';

export async function verifyPage(
  deps: Pick<EntityVerification, 'origin' | 'entries' | 'verifier' | 'points'>,
  page: readonly StoredEntry[],
): Promise<readonly EntryVerdict[]> {
  const [first] = page;
  if (first === undefined) return [];
  const verifier = deps.verifier();
  const log = await openLog(deps.points);
  let before = await placeBefore(deps, first);
  const verdicts: EntryVerdict[] = [];
  for (const entry of page) {
    const checked = await verifier.check(entry);
    const finding =
      checked.kind === 'bad'
        ? checked.finding
        : (linkFinding(entry, checked.body.prev, before) ?? (await log?.membership.check(entry)));
    before = { seq: entry.seq, hash: toHex(entry.hash) };
    if (finding !== undefined) verdicts.push({ verdict: finding.verdict, detail: finding.detail });
    else verdicts.push(anchoring(entry, log?.anchored));
  }
  return verdicts;
}

/** @param anchored absent: this process knows no anchors, so nothing is said about them */
function anchoring({ position }: StoredEntry, anchored: number | undefined): EntryVerdict {
  if (anchored === undefined || (position !== undefined && position < anchored)) return { verdict: 'OK' };
  return { verdict: 'NOT_YET_ANCHORED', detail: `anchored are the first ${anchored} entries of the log` };
}

async function openLog(
  sources: PointSources | undefined,
): Promise<{ readonly membership: LogMembership; readonly anchored: number | undefined } | undefined> {
  const points = sources === undefined ? undefined : await readPoints(sources);
  const published = points?.published?.checkpoint;
  if (sources?.read === undefined || points === undefined || published === undefined) return undefined;
  const membership = new LogMembership(sources.read, published.size, published.root);
  if (sources.anchors === undefined) return { membership, anchored: undefined };
  const newest = points.anchored.at(-1);
  const anchor = newest === undefined ? undefined : await readAnchor(sources, newest);
  const isOpen = anchor !== undefined && !('verdict' in anchor);
  return { membership, anchored: isOpen ? anchor.checkpoint.size : 0 };
}

async function placeBefore(
  { entries, origin }: { readonly entries: Pick<EntryStore, 'read'>; readonly origin: string },
  { chain, seq }: StoredEntry,
): Promise<{ readonly seq: number; readonly hash: ChainHash }> {
  const start = { seq: -1, hash: genesisHash(origin, chain) };
  if (seq === 0) return start;
  const [entry] = await entries.read(chain, seq - 1, 1);
  return entry?.seq === seq - 1 ? { seq: entry.seq, hash: toHex(entry.hash) } : start;
}
