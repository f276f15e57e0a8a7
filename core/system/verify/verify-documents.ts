/** Is every stored document what its entity's chain makes of it? A difference is DRIFT: somebody changed it past the ledger. */
import {
  checkChangeIndex,
  documentHash,
  operationTypes,
  POLICY_ADOPTED,
  verifyState as replay,
  type ChainEntry,
  type Document,
} from '../../changes/index.ts';
import { CanonicalError, toHex } from '../../canonical/index.ts';
import { checkTopicIndex } from '../feed/check-topic-index.ts';
import type { TopicIndexSources } from '../feed/topic-indexer.ts';
import { atOneMoment } from './at-one-moment.ts';
import {
  findingAt,
  isAboutDocument,
  logFinding,
  DOCUMENTS_OF_STATE,
  INDICES,
  OUTSIDE_STATE,
  parseEntry,
  readPlace,
  type EntryStore,
  type Finding,
  type Item,
  type ItemStore,
  type ReplayReport,
  type VerificationReport,
} from '../../ledger/index.ts';
import { must } from '../../errors/index.ts';
import { defined, isObject, isUnreadable } from '../../values/index.ts';

const PAGE = 500;
/** Steps that write the document. */
const WRITING: ReadonlySet<string> = new Set([
  'change.applied',
  'change.undone',
  'change.resolved-executed',
  'change.resolved-rolled-back',
  POLICY_ADOPTED,
]);

export interface DocumentSources {
  readonly ledger: string;
  readonly entries: Pick<EntryStore, 'read' | 'head'>;
  readonly items: ItemStore;
}

/** For who may have to leave off in the middle. */
export interface DocumentsProgress {
  /** entities whose documents were verified, those of this time added to it */
  readonly done?: Set<string>;
  /** Called after each; what it throws ends the verification. */
  readonly after?: () => void;
}

/**
 * The chain's entries were verified before.
 * @param examined what that has shown of its first entries: where none leads to a document, they are not read again
 * @returns DRIFT naming the entity's last entry, or undefined
 */
export async function verifyDocument(
  sources: DocumentSources,
  entityId: string,
  examined?: { readonly entries: number; readonly hasChanges: boolean },
): Promise<Finding | undefined> {
  const { kept: stored, length } = await atOneMoment(sources.entries, entityId, () => readDocument(sources, entityId));
  const chain = await readSteps(sources, entityId, {
    from: examined?.hasChanges === false ? examined.entries : 0,
    to: length,
  });
  const state = replay(entityId, chain, operationTypes());
  const last = { chain: entityId, seq: Math.max(0, length - 1) };
  if (state.kind === 'inconsistent')
    return findingAt(
      { chain: entityId, seq: state.seq },
      'DRIFT',
      `the change-set's steps contradict each other: ${state.reason}`,
    );
  if ('unreadable' in stored) return findingAt(last, 'UNREADABLE', `its stored document: ${stored.unreadable}`);
  const by = nameOf(writerOf(chain));
  if (stored.version === state.version && stored.hash === state.hash) {
    if (stored.isWhole && stored.change === by) return undefined;
    return findingAt(
      last,
      'DRIFT',
      `the record of the document names another change-set than the one that wrote it last, or says more than that`,
    );
  }
  return findingAt(
    last,
    'DRIFT',
    `the ledger leads to document version ${state.version} (${state.hash}), stored is version ${stored.version} (${stored.hash})`,
  );
}

/** The entries that lead to the document; the others are not even parsed. */
async function readSteps(
  { entries }: DocumentSources,
  entityId: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<ChainEntry[]> {
  const chain: ChainEntry[] = [];
  for (let next = from; next < to;) {
    const page = await entries.read(entityId, next, Math.min(PAGE, to - next));
    for (const { note, hash, seq } of page) {
      next = seq + 1;
      const type = readPlace(note)?.type;
      if (type !== undefined && !isAboutDocument(type)) continue;
      const parsed = parseEntry(note);
      if (parsed.kind === 'entry') chain.push({ body: parsed.body, hash: toHex(hash) });
    }
    if (page.length === 0) break;
  }
  return chain;
}

/** The entry that wrote the document last. */
export function writerOf(chain: readonly ChainEntry[]): ChainEntry | undefined {
  return chain.findLast(({ body }) => WRITING.has(body.type));
}

/** What the document's item says of who wrote it. */
function nameOf(entry: ChainEntry | undefined): unknown {
  return entry?.body.type === POLICY_ADOPTED ? POLICY_ADOPTED : entry?.body.data['change'];
}

/**
 * Every entity that has change-sets or, unless `stored` is false, a stored document.
 * @param chainsWithChanges chains whose entries lead to a document
 */
export async function verifyDocuments(
  sources: DocumentSources,
  chainsWithChanges: Iterable<string>,
  { stored = true, done = new Set(), after = () => {} }: DocumentsProgress & { readonly stored?: boolean } = {},
): Promise<Finding | undefined> {
  const entities = new Set(chainsWithChanges);
  if (stored) {
    const listed = await listEntities(sources, 'document', ({ sk }) => sk);
    if (!('unreadable' in listed)) for (const entity of listed) entities.add(entity);
    else
      return (
        (await firstFinding(sources, entities, { done, after })) ??
        logFinding('UNREADABLE', `documents: ${listed.unreadable}`)
      );
  }
  return firstFinding(sources, entities, { done, after });
}

async function firstFinding(
  sources: DocumentSources,
  entities: Iterable<string>,
  { done = new Set(), after }: DocumentsProgress,
): Promise<Finding | undefined> {
  for (const entity of entities) {
    if (done.has(entity)) continue;
    const finding = await verifyDocument(sources, entity);
    if (finding !== undefined) return finding;
    done.add(entity);
    after?.();
  }
  return undefined;
}

/**
 * Who was entitled to decide, and documents against their chains, taking the chains' entries as they are: only as good as those.
 * @param replay replays the decisions of the whole log
 */
export async function verifyState(
  sources: DocumentSources & TopicIndexSources,
  replay: () => Promise<ReplayReport>,
): Promise<VerificationReport> {
  const replayed = await replay();
  const changed = await listEntities(sources, 'change', ({ value }) => {
    const entity = (value as { readonly entityId?: unknown } | null)?.entityId;
    return typeof entity === 'string' ? entity : undefined;
  });
  // A document that was deleted still has its change-sets.
  const entities = 'unreadable' in changed ? new Set<string>() : changed;
  const finding =
    replayed.finding ??
    (await verifyDocuments(sources, entities)) ??
    ('unreadable' in changed ? logFinding('UNREADABLE', `change-set records: ${changed.unreadable}`) : undefined) ??
    (await indexFinding(sources));
  return {
    verdict: finding?.verdict ?? 'OK',
    ...defined({ firstBad: finding }),
    entries: 0,
    chains: entities.size,
    checked: [...replayed.checked, ...(replayed.finding === undefined ? [DOCUMENTS_OF_STATE, INDICES] : [])],
    notChecked: [...replayed.notChecked, OUTSIDE_STATE.entries, OUTSIDE_STATE.removed],
  };
}

/** Inboxes, times, counts and topics grant nothing, but nobody sees a change-set, or reads an event by topic, that is missing there. */
async function indexFinding(sources: DocumentSources & TopicIndexSources): Promise<Finding | undefined> {
  const { ledger, items } = sources;
  return (
    (await differenceIn('indices of change-sets', () => checkChangeIndex(ledger, items))) ??
    differenceIn('index of topics', () => checkTopicIndex(sources))
  );
}

async function differenceIn(what: string, check: () => Promise<string | undefined>): Promise<Finding | undefined> {
  const differs = await orUnreadable(async () => ({ detail: await check() }));
  if ('unreadable' in differs) return logFinding('UNREADABLE', `${what}: ${differs.unreadable}`);
  const { detail } = differs;
  if (detail === undefined) return undefined;
  return logFinding('DRIFT', `the ${what}: ${detail}: nervous doctor --rebuild-index, with the engine stopped`);
}

type Unreadable = { readonly unreadable: string };

interface ReadDocument {
  readonly version: number;
  readonly hash: string;
  /** the change-set that wrote it last */
  readonly change: unknown;
  /** it has the fields it was written with, and no other */
  readonly isWhole: boolean;
}

/** Items are untrusted: what cannot be read is an answer. */
async function readDocument({ ledger, items }: DocumentSources, entityId: string): Promise<Unreadable | ReadDocument> {
  return orUnreadable(async () => {
    const item = await items.get({ pk: `${ledger}#document`, sk: entityId });
    if (item === undefined) return { version: 0, hash: documentHash(null), change: undefined, isWhole: true };
    const { version, value } = item;
    if (!isObject(value)) return { unreadable: 'it holds no document' };
    // Not by its codec: what is no document is unreadable, what is another one, or has more or less beside it, has drifted.
    const hash = documentHash(value['document'] as Document);
    return { version, hash, change: value['change'], isWhole: Object.keys(value).sort().join() === 'change,document' };
  });
}

async function listEntities(
  { items, ledger }: DocumentSources,
  kind: 'document' | 'change',
  entityOf: (item: Item) => string | undefined,
): Promise<Unreadable | Set<string>> {
  return orUnreadable(async () => {
    const entities = new Set<string>();
    for (let after = ''; ;) {
      const page = await items.list(`${ledger}#${kind}`, { after, limit: PAGE });
      for (const item of page) {
        const entity = entityOf(item);
        if (entity !== undefined) entities.add(entity);
      }
      if (page.length < PAGE) return entities;
      after = must(page.at(-1), 'the end of a full page').sk;
    }
  });
}

/** A store or a codec says so, or it is not of the form it was written in. */
async function orUnreadable<T>(work: () => Promise<T>): Promise<T | Unreadable> {
  try {
    return await work();
  } catch (error) {
    const isForm = error instanceof SyntaxError || error instanceof TypeError || error instanceof CanonicalError;
    if (isForm || isUnreadable(error)) return { unreadable: error.message };
    throw error;
  }
}
