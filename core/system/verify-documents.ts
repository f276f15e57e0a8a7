/** Is every stored document what its entity's chain makes of it? A difference is DRIFT: somebody changed it past the ledger. */
import { createStateStore, operationTypes, verifyState as replay, type ChainEntry } from '../changes/index.ts';
import { toHex } from '../canonical/index.ts';
import {
  findingAt,
  parseEntry,
  type EntryStore,
  type Finding,
  type Item,
  type ItemStore,
  type VerificationReport,
} from '../ledger/index.ts';

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
  const state = replay(entityId, chain, operationTypes());
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

/**
 * Every entity that has change-sets or, unless `stored` is false, a stored document.
 * @param chainsWithChanges chains whose entries lead to a document
 */
export async function verifyDocuments(
  sources: DocumentSources,
  chainsWithChanges: Iterable<string>,
  { stored = true }: { readonly stored?: boolean } = {},
): Promise<Finding | undefined> {
  const entities = new Set(chainsWithChanges);
  if (stored) for await (const { sk } of listAll(sources, 'document')) entities.add(sk);
  for (const entity of entities) {
    const finding = await verifyDocument(sources, entity);
    if (finding !== undefined) return finding;
  }
  return undefined;
}

/** Documents against their chains, taking the chains' entries as they are: fast, and only as good as those. */
export async function verifyState(sources: DocumentSources): Promise<VerificationReport> {
  const entities = new Set<string>();
  for await (const { sk } of listAll(sources, 'document')) entities.add(sk);
  // A document that was deleted still has its change-sets.
  for await (const { value } of listAll(sources, 'change')) {
    const entity = (value as { readonly entityId?: unknown } | null)?.entityId;
    if (typeof entity === 'string') entities.add(entity);
  }
  const finding = await verifyDocuments(sources, entities, { stored: false });
  return {
    verdict: finding?.verdict ?? 'OK',
    ...(finding === undefined ? {} : { firstBad: finding }),
    entries: 0,
    chains: entities.size,
    checked: ['every stored document, and every one that a change-set was for, against the chain'],
    notChecked: [
      'the entries of the chains, signatures, and the log: verify full does',
      'chains whose change-set records were removed together with the document: verify full finds those',
    ],
  };
}

async function* listAll({ items, ledger }: DocumentSources, kind: 'document' | 'change'): AsyncGenerator<Item> {
  for (let after = ''; ;) {
    const page = await items.list(`${ledger}#${kind}`, { after, limit: PAGE });
    yield* page;
    after = page.at(-1)?.sk ?? '';
    if (page.length < PAGE) return;
  }
}
