/**
 * Gives entries their place in the log: consecutive indices, each chain in `seq` order, each entry once. A place is given by one
 * write: a batch record, put where the one before it ends, only if nothing is there. Whoever writes it knows the whole log
 * before it (log-end.ts), so two sequencers, or one that died at any point, cannot make a gap, a fork or a double. Index items,
 * which say where an entry stands, follow. In which order it is told about entries is not relied on.
 */
import { ConditionalCheckFailedException, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { LogError, MerkleEdge, type LogPlace } from '../../../core/ledger/index.ts';
import { eachSideBySide } from './dynamo-commit.ts';
import { entryPartition, indexPartition, positionOf } from './dynamo-items.ts';
import { batchItem, HASH_BYTES, type LogBatch } from './dynamo-log.ts';
import { queryItems } from './dynamo-reads.ts';
import type { DynamoStore } from './dynamo-store.ts';
import { laterEnd, newestEnd, writeIndex, type LogEnd } from './log-end.ts';
import { scanHeads, type ScanCursor } from './scan-heads.ts';

/** A record of this many places is read whole in two units, and one query gets fifty of them. */
const MAX_BATCH_ENTRIES = 99;
/** Lost races in a row, of some ten milliseconds each, before giving up; the stream delivers again. */
const MAX_LOST_RACES = 100;

export interface EntryPlace {
  readonly chain: string;
  readonly seq: number;
}

export interface SequencedEntries {
  /** what got its log index in this call, in log order */
  readonly sequenced: readonly LogPlace[];
  /** entries that cannot get one, nor any after them in their chain, because they are gone: somebody deleted them */
  readonly gaps: readonly EntryPlace[];
}

export interface Sequencer {
  /** Idempotent: what has an index keeps it, predecessors without one get theirs first. */
  readonly sequence: (entries: readonly (EntryPlace & { readonly hash?: Uint8Array })[]) => Promise<SequencedEntries>;
  /** Looks through the entries table for chains whose newest entry has no index: for when the stream lost some. */
  readonly catchUp: (segment?: SequencedSegment) => Promise<CaughtUp>;
}

/** A part of the entries table. */
export interface SequencedSegment {
  /** default: the beginning */
  readonly from?: ScanCursor | undefined;
  /** asked after each page; default: to the end */
  readonly goOn?: () => boolean;
}

export interface CaughtUp extends SequencedEntries {
  /** where the rest of the table begins; undefined: all was looked through */
  readonly rest: ScanCursor | undefined;
}

export function createSequencer(options: { readonly store: DynamoStore }): Sequencer {
  const { store } = options;
  const state: State = { store, end: undefined, isCurrent: false };
  let turn: Promise<unknown> = Promise.resolve();
  // One after the other: what one call is about to write, another would not know.
  const sequence: Sequencer['sequence'] = (entries) => {
    const mine = turn.then(() => place(state, entries));
    turn = mine.then(nothing, nothing); // whoever called is told
    return mine;
  };
  return {
    sequence,
    catchUp: async ({ from, goOn = () => true } = {}) => {
      const sequenced: LogPlace[] = [];
      const gaps: EntryPlace[] = [];
      for await (const { heads, rest } of scanHeads(store.tables, from)) {
        for (let at = 0; at < heads.length; at += MAX_BATCH_ENTRIES) {
          const found = await sequence(heads.slice(at, at + MAX_BATCH_ENTRIES));
          sequenced.push(...found.sequenced);
          gaps.push(...found.gaps);
        }
        if (rest !== undefined && !goOn()) return { sequenced, gaps, rest };
      }
      return { sequenced, gaps, rest: undefined };
    },
  };
}

interface State {
  readonly store: DynamoStore;
  end: LogEnd | undefined;
  /** false: there may be records behind `end` */
  isCurrent: boolean;
}

function nothing(): void {}

async function place(
  state: State,
  told: readonly (EntryPlace & { readonly hash?: Uint8Array })[],
): Promise<SequencedEntries> {
  const wanted = new Map(told.map((entry) => [placeName(entry), entry]));
  const sequenced: LogPlace[] = [];
  const gaps = new Map<string, EntryPlace>();
  let lost = 0;
  for (let open = [...wanted.values()]; open.length > 0;) {
    // The end first: what is looked up after that is at least as new.
    const end = await currentEnd(state);
    const found = await findUnsequenced(state.store, end, open);
    for (const gap of found.gaps) gaps.set(gap.chain, gap);
    if (found.entries.length === 0) break;
    const appended = await appendBatch(state, end, found.entries.slice(0, MAX_BATCH_ENTRIES));
    // Another sequencer wrote meanwhile: what it wrote is taken in.
    if (appended === undefined) {
      if (++lost < MAX_LOST_RACES) continue;
      throw new Error(`lost ${lost} races for the end of the log in a row: another sequencer is at work`);
    }
    lost = 0;
    sequenced.push(...appended);
    open = open.filter(({ chain, seq }) => seq < (gaps.get(chain)?.seq ?? Infinity) && seq > end.indexed.get(chain));
  }
  return { sequenced, gaps: [...gaps.values()] };
}

async function currentEnd(state: State): Promise<LogEnd> {
  const { store, end, isCurrent } = state;
  if (end !== undefined && isCurrent) return end;
  const current = end === undefined ? await newestEnd(store) : await laterEnd(store, end);
  Object.assign(state, { end: current, isCurrent: true });
  return current;
}

type Unsequenced = EntryPlace & { readonly hash: Uint8Array };

/** What has to get an index, in an order in which every entry follows its predecessor. Reads only. */
async function findUnsequenced(
  store: DynamoStore,
  end: LogEnd,
  wanted: readonly (EntryPlace & { readonly hash?: Uint8Array })[],
): Promise<{ readonly entries: readonly Unsequenced[]; readonly gaps: readonly EntryPlace[] }> {
  const hashes = new Map(
    wanted.flatMap((one) => (one.hash === undefined ? [] : [[placeName(one), one.hash] as const])),
  );
  /** chain → the next seq without an index; undefined: gone */
  const next = new Map<string, number | undefined>();
  // No more are looked up side by side than can fill a batch.
  const chains = new Set(wanted.slice(0, MAX_BATCH_ENTRIES).map(({ chain }) => chain));
  await eachSideBySide([...chains], async (chain) => void next.set(chain, (await indexedUpTo(store, end, chain)) + 1));
  const entries: Unsequenced[] = [];
  const gaps: EntryPlace[] = [];
  for (const { chain, seq } of wanted) {
    if (entries.length >= MAX_BATCH_ENTRIES) break;
    if (!next.has(chain)) next.set(chain, (await indexedUpTo(store, end, chain)) + 1);
    for (let from = next.get(chain); from !== undefined && from <= seq; from = next.get(chain)) {
      const known = hashes.get(placeName({ chain, seq: from }));
      const run = known === undefined ? await readHashes(store, chain, { from, to: seq }) : [known];
      entries.push(...run.map((hash, i) => ({ chain, seq: from + i, hash })));
      if (run.length === 0) gaps.push({ chain, seq: from });
      next.set(chain, run.length === 0 ? undefined : from + run.length);
    }
  }
  return { entries, gaps };
}

/** The newest seq of the chain that has an index; -1 if none. */
async function indexedUpTo(store: DynamoStore, { indexed }: LogEnd, chain: string): Promise<number> {
  if (indexed.get(chain) >= 0) return indexed.get(chain);
  const [newest] = await queryItems(
    store.tables,
    {
      TableName: store.tables.stateTable,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: indexPartition(store.tables.ledger, chain) } },
      ScanIndexForward: false,
    },
    1,
  );
  if (newest === undefined) return -1;
  positionOf(newest);
  const seq = Number(newest['sk']?.S);
  indexed.raise(chain, seq);
  return seq;
}

/** Hashes of consecutive entries from `from` on, as many as are there. */
async function readHashes(
  { tables }: DynamoStore,
  chain: string,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly Uint8Array[]> {
  const items = await queryItems(
    tables,
    {
      TableName: tables.entriesTable,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: {
        ':pk': { S: entryPartition(tables.ledger, chain) },
        ':from': { N: String(from) },
        ':to': { N: String(to) },
      },
      ProjectionExpression: 'sk, h',
    },
    Math.min(MAX_BATCH_ENTRIES, to - from + 1),
  );
  const hashes = items.map(({ sk, h }, i) => (Number(sk?.N) === from + i ? h?.B : undefined));
  const end = hashes.findIndex((hash) => hash?.length !== HASH_BYTES);
  return (end < 0 ? hashes : hashes.slice(0, end)) as Uint8Array[];
}

/**
 * Writes one batch at the end of the log, then the index items of its entries.
 * Dies before the record is there: nothing happened, the stream or catchUp brings the entries again.
 * Dies after it: all of them have their place, and whoever looks at the end next, this process too, sees it, writes the index
 * items that lack and goes on from there.
 * @returns undefined when somebody else wrote there, or this process without getting the answer
 */
async function appendBatch(
  state: State,
  { size: first, edge, indexed }: LogEnd,
  entries: readonly Unsequenced[],
): Promise<readonly LogPlace[] | undefined> {
  const { store } = state;
  const tree = openEdge(first, edge);
  for (const { hash } of entries) tree.append(hash);
  const places = entries.map(({ chain, seq, hash }, i) => ({ position: first + i, chain, seq, hash }));
  const batch: LogBatch = { first, places, edge: tree.state().edge };
  state.isCurrent = false; // until all of it is there
  if (!(await putRecord(store, batch))) return undefined;
  await writeIndex(store, places);
  for (const { chain, seq } of places) indexed.raise(chain, seq);
  Object.assign(state, { end: { size: first + places.length, edge: batch.edge, indexed }, isCurrent: true });
  return places;
}

async function putRecord({ tables, contention }: DynamoStore, batch: LogBatch): Promise<boolean> {
  const { client, stateTable: TableName, ledger } = tables;
  const Item = batchItem(ledger, batch);
  const command = new PutItemCommand({ TableName, Item, ConditionExpression: 'attribute_not_exists(pk)' });
  return contention.outlast(async () => {
    try {
      await client.send(command);
      return true;
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return false;
    }
  });
}

/** @throws LogError EDGE_INVALID: the newest record is damaged, and appending to it would hide that */
function openEdge(size: number, edge: Uint8Array): MerkleEdge {
  try {
    return new MerkleEdge({ size, edge });
  } catch {
    throw new LogError('EDGE_INVALID', `the log's newest record, ending at ${size}, is damaged: verify and restore it`);
  }
}

function placeName({ chain, seq }: EntryPlace): string {
  return `${chain}#${seq}`;
}
