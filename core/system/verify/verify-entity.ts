/**
 * Verifies one entity: its chain, every entry's place in the published log, whether its last entry is the last one of it in
 * the log too, and its document. Costs what the entity has, and a search through what was published after it.
 */
import type { EpochMs } from '../../brands/index.ts';
import {
  BEHIND_BAD,
  BYTES,
  DOCUMENT_OF_CHAIN,
  endIn,
  holdAgainst,
  importedOf,
  inclusionOf,
  isImported,
  LINKS_OF_CHAIN,
  LogError,
  logFinding,
  LogMembership,
  placesUncovered,
  REMOVED_FROM_CHAIN,
  CHAIN_UNSIGNED,
  OTHER_ENTITIES,
  readPoints,
  SIGNATURES,
  verifyChain,
  type Agreement,
  type ChainLinks,
  type ChainPart,
  type Checkpoint,
  type EntryStore,
  type EntryVerifier,
  type Finding,
  type ItemStore,
  type Points,
  type PointSources,
  type StoredEntry,
  type VerificationReport,
} from '../../ledger/index.ts';
import { defined } from '../../values/index.ts';
import { verifyDocument } from './verify-documents.ts';

/** Of 256 entries each: a million entries after the head. */
const DEFAULT_SEARCH_BUNDLES = 4_096;

export interface EntityVerification {
  readonly ledger: string;
  readonly origin: string;
  readonly entries: Pick<EntryStore, 'read' | 'head' | 'readLog' | 'size'>;
  readonly items: ItemStore;
  readonly verifier: () => EntryVerifier;
  /** what was signed of the log; absent: only the chain is looked at */
  readonly points?: PointSources;
  readonly now: EpochMs;
  readonly requireAnchored?: boolean;
  readonly maxAgeMinutes?: number;
  /** bundles searched for later entries of the chain */
  readonly searchBundles?: number;
  /** one past the last log index, asked after the points were read; default: the store's */
  readonly size?: () => Promise<number>;
  /** aborted: nobody waits for the answer any more */
  readonly signal?: AbortSignal | undefined;
}

export interface EntityLinks extends ChainLinks {
  /** of the entries, those that the published checkpoint covers */
  readonly covered: number;
  /** of the entries, those that were imported */
  readonly imported: number;
  /** in words, what was checked of signatures; default: all of them */
  readonly signatures?: readonly string[];
  /** what this process knew otherwise: somebody rewrote the chain, however right it looks */
  readonly contradiction?: Finding;
}

export interface EntityConclusion {
  readonly entityId: string;
  readonly points: Points | undefined;
  readonly links: EntityLinks;
}

export async function verifyEntity(deps: EntityVerification, entityId: string): Promise<VerificationReport> {
  const points = await readEntityPoints(deps);
  const links = await verifyLinks(deps, { entity: entityId }, createMembership(deps, points?.published?.checkpoint));
  return concludeEntity(deps, { entityId, points, links });
}

/** First of all: what is read of the chain afterwards is never older than what was signed of it. */
export async function readEntityPoints({ points }: EntityVerification): Promise<Points | undefined> {
  return points === undefined ? undefined : readPoints(points);
}

/** A chain, or a part of it, and the place of each entry in the log. */
export async function verifyLinks(
  deps: EntityVerification,
  part: Omit<ChainPart, 'origin'>,
  log: LogMembership | undefined,
): Promise<EntityLinks> {
  let covered = 0;
  let imported = 0;
  const alsoCheck = (entry: StoredEntry): Finding | undefined | Promise<Finding | undefined> => {
    if (log?.covers(entry) === true) covered += 1;
    if (isImported(entry.note)) imported += 1;
    return log?.check(entry);
  };
  const checks = { verifier: deps.verifier(), alsoCheck, signal: deps.signal };
  const links = await verifyChain(deps.entries, { ...part, origin: deps.origin }, checks);
  return { ...links, covered, imported };
}

/** Parts of one chain in their order; each went on from the one before. What was found first counts. */
export function joinLinks(parts: readonly EntityLinks[]): EntityLinks {
  let joined: EntityLinks = { entries: 0, hasChanges: false, covered: 0, imported: 0 };
  for (const part of parts) {
    joined = {
      ...part,
      entries: joined.entries + part.entries,
      covered: joined.covered + part.covered,
      imported: joined.imported + part.imported,
      hasChanges: joined.hasChanges || part.hasChanges,
      ...(part.head === undefined && joined.head !== undefined ? { head: joined.head } : {}),
    };
    if (part.finding !== undefined) break;
  }
  return joined;
}

/** What is left once every link was looked at: whether the log has more of the chain, the log itself, and the document. */
export async function concludeEntity(
  deps: EntityVerification,
  { entityId, points, links }: EntityConclusion,
): Promise<VerificationReport> {
  const { head, entries } = links;
  if (links.finding !== undefined) return report({ links, deps }, { finding: links.finding });
  const log = createMembership(deps, points?.published?.checkpoint);
  const search = await searchLog(deps, { log, head, entityId });
  const agreement = await againstLog(deps, { points, log, head });
  deps.signal?.throwIfAborted();
  const finding =
    search.finding ??
    agreement.finding ??
    links.contradiction ??
    (await verifyDocument(deps, entityId, links)) ??
    unknown(entityId, entries);
  const found = { ...agreement, ...defined({ finding }) };
  return report({ links, deps, points, searchedTo: search.searchedTo }, found);
}

/** A name with a typing error must not be found right. What shows that it once had entries is worse, and said instead. */
function unknown(entity: string, entries: number): Finding | undefined {
  if (entries > 0) return undefined;
  return {
    verdict: 'NOT_FOUND',
    entity,
    seq: 0,
    detail: 'nothing was ever recorded under this name: is it spelt right?',
  };
}

/** The log that a checkpoint was signed for. */
export function createMembership(
  { points }: EntityVerification,
  published: Pick<Checkpoint, 'size' | 'root'> | undefined,
): LogMembership | undefined {
  if (points?.read === undefined || published === undefined) return undefined;
  return new LogMembership(points.read, published.size, published.root);
}

interface LogProofs {
  readonly log: LogMembership | undefined;
  readonly head: ChainLinks['head'];
}

/** The tiles' roots stand for the entries': each entry of the chain was proved to be under them. */
async function againstLog(
  deps: EntityVerification,
  { points, log, head }: LogProofs & { readonly points: Points | undefined },
): Promise<Agreement> {
  if (points === undefined || deps.points === undefined) return { against: [], anchored: 0 };
  const signed = [points.published, ...points.cosignatures, ...points.others].flatMap(
    (one) => one?.checkpoint.size ?? [],
  );
  const size = await (deps.size ?? (() => deps.entries.size()))();
  try {
    const roots = await log?.rootsAt([...new Set([...signed, ...points.anchored.slice(-1)])]);
    const tree = { size, rootAt: (at: number) => roots?.get(at), comparedTo: 0 };
    return await holdAgainst(points, tree, {
      ...deps.points,
      ...{ entries: deps.entries, anchorsFrom: Infinity, anchorsTo: Infinity, now: deps.now },
      ...defined({ maxAgeMinutes: deps.maxAgeMinutes }),
      ...(deps.requireAnchored === true ? { requireAnchoredTo: (head?.position ?? size - 1) + 1 } : {}),
    });
  } catch (error) {
    if (!(error instanceof LogError)) throw error;
    return { finding: logFinding('UNREADABLE', `the log's tiles: ${error.message}`), against: [], anchored: 0 };
  }
}

async function searchLog(
  { searchBundles = DEFAULT_SEARCH_BUNDLES }: EntityVerification,
  { log, head, entityId }: LogProofs & { readonly entityId: string },
): Promise<{ readonly searchedTo?: number; readonly finding?: Finding }> {
  if (log === undefined || (head !== undefined && head.position === undefined)) return {};
  return log.findAfter({ chain: entityId, seq: head?.seq ?? -1, position: head?.position ?? -1 }, searchBundles);
}

function report(
  found: {
    readonly links: EntityLinks;
    readonly deps: EntityVerification;
    readonly points?: Points | undefined;
    readonly searchedTo?: number | undefined;
  },
  { finding, against = [], anchored }: Partial<Agreement>,
): VerificationReport {
  const { links, deps, points, searchedTo } = found;
  const { entries, covered } = links;
  const published = points?.published?.checkpoint.size;
  const isSearched = published !== undefined && searchedTo === published;
  return {
    verdict: finding?.verdict ?? 'OK',
    ...defined({ firstBad: finding }),
    entries,
    chains: 1,
    ...(deps.points === undefined ? {} : { against }),
    checked: [
      BYTES,
      LINKS_OF_CHAIN,
      ...(links.signatures ?? [SIGNATURES]),
      ...(finding === undefined ? [DOCUMENT_OF_CHAIN] : []),
      ...(covered === 0 ? [] : [inclusionOf(covered)]),
      ...(isSearched ? [endIn(published)] : []),
    ],
    notChecked: [
      ...(finding === undefined ? [] : [BEHIND_BAD]),
      ...(covered < entries ? [placesUncovered(entries - covered)] : []),
      ...(isSearched ? [] : [REMOVED_FROM_CHAIN]),
      ...(links.imported === 0 ? [] : [importedOf(links.imported)]),
      anchored === undefined || against.length === 0 ? CHAIN_UNSIGNED : OTHER_ENTITIES,
    ],
  };
}
