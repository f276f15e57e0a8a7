/** Is every stored document what its entity's chain makes of it? A difference is DRIFT: somebody changed it past the ledger. */
import { createStateStore, operationTypes, verifyState, type ChainEntry } from '../changes/index.ts';
import { toHex } from '../canonical/index.ts';
import { findingAt, parseEntry, type EntryStore, type Finding, type ItemStore } from '../ledger/index.ts';

const PAGE = 500;

export interface DocumentSources {
  readonly ledger: string;
  readonly entries: Pick<EntryStore, 'read'>;
  readonly items: ItemStore;
}

/** The chain's entries were verified before. @returns DRIFT naming the entity's last entry, or undefined */
export async function verifyDocument(sources: DocumentSources, entityId: string): Promise<Finding | undefined> {
  const chain: ChainEntry[] = [];
  for (;;) {
    const page = await sources.entries.read(entityId, chain.length, PAGE);
    for (const { note, hash } of page) {
      const parsed = parseEntry(note);
      if (parsed.kind === 'entry') chain.push({ body: parsed.body, hash: toHex(hash) });
    }
    if (page.length < PAGE) break;
  }
  const state = verifyState(entityId, chain, operationTypes());
  const last = { chain: entityId, seq: Math.max(0, chain.length - 1) };
  if (state.kind === 'inconsistent')
    return findingAt(
      { chain: entityId, seq: state.seq },
      'DRIFT',
      `the change-set's steps contradict each other: ${state.reason}`,
    );
  const stored = await createStateStore(sources.ledger, sources.items).read(entityId);
  if (stored.version === state.version && stored.hash === state.hash) return undefined;
  return findingAt(
    last,
    'DRIFT',
    `the ledger leads to document version ${state.version} (${state.hash}), stored is version ${stored.version} (${stored.hash})`,
  );
}

/** Every entity that has a stored document or change-sets. */
export async function verifyDocuments(
  sources: DocumentSources,
  chainsWithChanges: Iterable<string>,
): Promise<Finding | undefined> {
  const entities = new Set(chainsWithChanges);
  for (let after = ''; ;) {
    const page = await sources.items.list(`${sources.ledger}#document`, { after, limit: PAGE });
    for (const { sk } of page) entities.add(sk);
    after = page.at(-1)?.sk ?? '';
    if (page.length < PAGE) break;
  }
  for (const entity of entities) {
    const finding = await verifyDocument(sources, entity);
    if (finding !== undefined) return finding;
  }
  return undefined;
}
