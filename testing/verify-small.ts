/** Verification of a whole small ledger: every byte, signature and link; there is no published log to hold it against. */
import { createEntryVerifier, type Ports } from '../core/system/index.ts';
import {
  BYTES,
  joinSegments,
  LINKS,
  SIGNATURES,
  verifySegment,
  type EntryStore,
  type LogPair,
  type RootSigner,
} from '../core/ledger/index.ts';

export function createVerifySmall(options: {
  readonly ledger: string;
  readonly origin: string;
  readonly store: EntryStore;
  readonly root: RootSigner;
}): Ports['verifyLog'] {
  const { ledger, origin, store, root } = options;
  return async ({ signatures }) => {
    const verifier = createEntryVerifier({ ledger, root, entries: store, signatures });
    const segment = await verifySegment(pairsOf(store), verifier);
    const { heads, finding } = joinSegments(origin, [segment]);
    return {
      verdict: finding?.verdict ?? 'OK',
      ...(finding === undefined ? {} : { firstBad: finding }),
      entries: segment.entries,
      chains: heads.size,
      checked: [BYTES, LINKS, ...(signatures ? [SIGNATURES] : [])],
      notChecked: ['documents', 'the Merkle log: a ledger in memory publishes none'],
    };
  };
}

async function* pairsOf(store: EntryStore): AsyncGenerator<readonly LogPair[]> {
  const log = await store.readLog(0, await store.size());
  yield log.map((entry) => ({ position: entry.position, place: entry, entry }));
}
