/** Verifies one entity's chain from its first entry to its head, page by page. */
import { toHex } from '../canonical/index.ts';
import { genesisHash } from './entry.ts';
import type { EntryStore, StoredEntry } from './ports.ts';
import type { Finding } from './verification.ts';
import type { EntryVerifier } from './verify-entry.ts';
import { linkFinding } from './verify-log.ts';

const PAGE = 500;

export async function verifyChain(
  store: Pick<EntryStore, 'read'>,
  chain: { readonly origin: string; readonly entity: string },
  verifier: EntryVerifier,
  /** Looks at each entry that is sound so far. */
  alsoCheck?: (entry: StoredEntry) => Promise<Finding | undefined>,
): Promise<{ readonly entries: number; readonly head?: StoredEntry; readonly finding?: Finding }> {
  let before = { seq: -1, hash: genesisHash(chain.origin, chain.entity) };
  let head: { head?: StoredEntry } = {};
  for (;;) {
    const page = await store.read(chain.entity, before.seq + 1, PAGE);
    for (const entry of page) {
      const checked = await verifier.check(entry);
      const finding =
        checked.kind === 'bad'
          ? checked.finding
          : (linkFinding(entry, checked.body.prev, before) ?? (await alsoCheck?.(entry)));
      if (finding !== undefined) return { entries: before.seq + 1, ...head, finding };
      before = { seq: entry.seq, hash: toHex(entry.hash) };
      head = { head: entry };
    }
    if (page.length < PAGE) return { entries: before.seq + 1, ...head };
  }
}
