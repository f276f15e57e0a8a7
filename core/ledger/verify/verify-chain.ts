/**
 * Verifies one entity's chain, or a part of it that goes on from the entry before, page by page. It does not look at the log:
 * the caller does, entry by entry.
 */
import { toHex } from '../../canonical/index.ts';
import { genesisHash } from '../entries/entry.ts';
import type { EntryStore, StoredEntry } from '../entries/ports.ts';
import type { Finding } from '../entries/verification.ts';
import { findingAt, type EntryVerifier } from './verify-entry.ts';
import { isAboutDocument, linkFinding, type ChainPlace } from './verify-log.ts';

const PAGE = 500;

export interface ChainPart {
  readonly origin: string;
  readonly entity: string;
  /** seq of the first entry; default 0 */
  readonly from?: number;
  /** exclusive; default: to the end of the chain */
  readonly to?: number;
}

export interface ChainLinks {
  /** how many follow each other rightly */
  readonly entries: number;
  /** the last of them */
  readonly head?: Pick<StoredEntry, 'seq' | 'hash' | 'position'>;
  /** there are entries that lead to a document */
  readonly hasChanges: boolean;
  readonly finding?: Finding;
}

export interface ChainChecks {
  readonly verifier: EntryVerifier;
  /** Looks at each entry that is sound so far. */
  readonly alsoCheck?: (entry: StoredEntry) => Finding | undefined | Promise<Finding | undefined>;
  readonly signal?: AbortSignal | undefined;
}

export async function verifyChain(
  store: Pick<EntryStore, 'read'>,
  part: ChainPart,
  { verifier, alsoCheck, signal }: ChainChecks,
): Promise<ChainLinks> {
  const { entity, from = 0, to = Infinity } = part;
  let found: Omit<ChainLinks, 'finding'> = { entries: 0, hasChanges: false };
  let before = await placeBefore(store, part);
  if (before === undefined)
    return { ...found, finding: findingAt({ chain: entity, seq: from - 1 }, 'MISSING_ENTRY', 'it is not there') };
  while (before.seq + 1 < to) {
    const limit = Math.min(PAGE, to - before.seq - 1);
    const page = await store.read(entity, before.seq + 1, limit);
    signal?.throwIfAborted();
    for (const entry of page) {
      if (entry.seq >= to) break;
      // Synchronous where they are: a promise for every entry would cost as much as its hash.
      const checking = verifier.checkLink(entry);
      const checked = checking instanceof Promise ? await checking : checking;
      if (checked.kind === 'bad') return { ...found, finding: checked.finding };
      const looking = linkFinding(entry, checked.body.prev, before) ?? alsoCheck?.(entry);
      const finding = looking instanceof Promise ? await looking : looking;
      if (finding !== undefined) return { ...found, finding };
      before = { seq: entry.seq, hash: toHex(entry.hash) };
      found = {
        entries: before.seq + 1 - from,
        hasChanges: found.hasChanges || isAboutDocument(checked.body.type),
        head: { seq: entry.seq, hash: entry.hash, position: entry.position },
      };
    }
    if (page.length < limit) break;
  }
  return found;
}

/** What the part has to go on from; whether that is right is the business of whoever verifies the part before. */
async function placeBefore(
  store: Pick<EntryStore, 'read'>,
  { origin, entity, from = 0 }: ChainPart,
): Promise<ChainPlace | undefined> {
  if (from === 0) return { seq: -1, hash: genesisHash(origin, entity) };
  const [entry] = await store.read(entity, from - 1, 1);
  return entry?.seq === from - 1 ? { seq: entry.seq, hash: toHex(entry.hash) } : undefined;
}
