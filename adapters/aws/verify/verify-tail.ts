/**
 * Entries that stand in their chains but not in the log: newer than the log's end, or forgotten by the sequencer. They are
 * checked against their chains; one that has waited too long for its place is a finding, and so is a row that can have none.
 */
import { msOf } from '../../../core/brands/index.ts';
import { toHex } from '../../../core/canonical/index.ts';
import {
  findingAt,
  genesisHash,
  isAboutDocument,
  linkFinding,
  type ChainSpan,
  type EntryVerifier,
  type Finding,
  type StoredEntry,
} from '../../../core/ledger/index.ts';
import { defined, orNone } from '../../../core/values/index.ts';
import type { DynamoStore } from '../dynamo/dynamo-store.ts';
import { entryOutside, findRecordOutside } from '../dynamo/rows-outside.ts';
import { scanHeads, type ScanCursor } from '../dynamo/scan-heads.ts';

/** The sequencer is seconds behind; the stream retries it for a day, and an alarm rings long before. */
const GRACE_MS = 15 * 60_000;
const PAGE = 500;

export interface TailDependencies {
  readonly store: DynamoStore;
  readonly origin: string;
  readonly verifier: EntryVerifier;
  /** milliseconds since the Unix epoch */
  readonly now: number;
  /** for who may have to leave off in the middle */
  readonly progress?: TailProgress;
}

/** Where the walk through the table was left off: plain data. */
export interface TailCursor extends Tail {
  readonly rest: ScanCursor;
}

export interface TailProgress {
  readonly from?: TailCursor | undefined;
  /** Called after each page; what it throws ends the work. */
  readonly after: (cursor: TailCursor) => void;
}

export interface Tail {
  readonly entries: number;
  /** every chain seen, in the log or not */
  readonly chains: ReadonlyMap<string, Pick<ChainSpan, 'hasChanges'>>;
  readonly finding?: Finding;
}

/** @param heads where each chain ends in the log */
export async function verifyTail(deps: TailDependencies, heads: ReadonlyMap<string, ChainSpan>): Promise<Tail> {
  const { from, after } = deps.progress ?? {};
  const chains = new Map<string, Pick<ChainSpan, 'hasChanges'>>(from?.chains ?? heads);
  let entries = orNone(from?.entries);
  for await (const { heads: page, outside, rest: left } of scanHeads(deps.store.tables, from?.rest)) {
    if (outside[0] !== undefined) return { entries, chains, finding: entryOutside(outside[0]) };
    for (const { chain, seq } of page) {
      const head = heads.get(chain);
      if (head !== undefined && head.lastSeq >= seq) continue;
      const rest = await verifyRest(deps, chain, head);
      entries += rest.entries;
      chains.set(chain, { hasChanges: rest.hasChanges || head?.hasChanges === true });
      if (rest.finding !== undefined) return { entries, chains, finding: rest.finding };
    }
    if (left !== undefined) after?.({ entries, chains, rest: left });
  }
  const record = await findRecordOutside(deps.store.tables);
  return { entries, chains, ...defined({ finding: record }) };
}

async function verifyRest(
  deps: TailDependencies,
  chain: string,
  head: ChainSpan | undefined,
): Promise<{ readonly entries: number; readonly hasChanges: boolean; readonly finding?: Finding }> {
  const { store, verifier, origin } = deps;
  let before =
    head === undefined ? { seq: -1, hash: genesisHash(origin, chain) } : { seq: head.lastSeq, hash: head.lastHash };
  let hasChanges = false;
  for (let entries = 0; ;) {
    const page = await store.read(chain, before.seq + 1, PAGE);
    for (const entry of page) {
      const checked = await verifier.check(entry);
      if (checked.kind === 'bad') return { entries, hasChanges, finding: checked.finding };
      const { prev, at, type } = checked.body;
      const finding = linkFinding(entry, prev, before) ?? (await placeFinding(deps, entry, at));
      if (finding !== undefined) return { entries, hasChanges, finding };
      before = { seq: entry.seq, hash: toHex(entry.hash) };
      hasChanges ||= isAboutDocument(type);
      entries += 1;
    }
    if (page.length < PAGE) return { entries, hasChanges };
  }
}

/** It may have got its place since the log was read; if it claims one, the log must reach that far. */
async function placeFinding({ store, now }: TailDependencies, entry: StoredEntry, at: string) {
  if (entry.position !== undefined) {
    const size = await store.size();
    return entry.position < size
      ? undefined
      : findingAt(
          entry,
          'LINK_BROKEN',
          `has log index ${entry.position}, but the log ends at ${size}: records of it are gone`,
        );
  }
  if (now - msOf(at) < GRACE_MS) return undefined;
  return findingAt(entry, 'MISSING_ENTRY', `recorded at ${at}, but missing in the log: run the sequencer's catch-up`);
}
