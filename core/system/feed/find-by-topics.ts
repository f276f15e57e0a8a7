/** Entries by topic, out of the blocks that name them. What the blocks leave out is not seen, so verification compares them. */
import type { LoggedEntry } from '../../ledger/index.ts';
import { defined } from '../../values/index.ts';
import type { Found, IndexedLog } from './indexed-log.ts';
import {
  BLOCK,
  blockOf,
  blocksPartition,
  indexPartition,
  knownTopicKey,
  knownTopicPrefix,
  padded,
  positionsIn,
  topicOfKey,
} from './topic-blocks.ts';

/** Of more topics together the log is read: their events are not rare. */
const MAX_TOPICS = 64;
/** Blocks read at a time, of all topics together, and of each at least. */
const BLOCKS = { together: 128, each: 4 };
/** Entries this far apart are read together, for one read costs more than some entries. */
const MAX_GAP = 4;
/** Reads of the log side by side. */
const SIDE_BY_SIDE = 16;

export interface ByTopics {
  /** globs */
  readonly topics: readonly string[];
  readonly from: number;
  /** the index covers what comes before */
  readonly to: number;
  readonly limit: number;
}

export async function findByTopics(sources: IndexedLog, wanted: ByTopics): Promise<Found | undefined> {
  const topics = await knownTopics(sources, wanted.topics);
  if (topics === undefined) return undefined;
  const each = Math.max(BLOCKS.each, Math.floor(BLOCKS.together / Math.max(1, topics.size)));
  const found = await Promise.all([...topics].map((topic) => readBlocks(sources, topic, { ...wanted, blocks: each })));
  if (found.includes(undefined)) return undefined;
  const whole = found.filter((one) => one !== undefined);
  const to = Math.min(wanted.to, ...whole.map(({ next }) => next));
  const positions = [...new Set(whole.flatMap((one) => one.positions))]
    .filter((position) => position >= wanted.from && position < to)
    .sort((a, b) => a - b);
  const next = positions[wanted.limit] ?? to;
  return { entries: await readEntries(sources, positions.slice(0, wanted.limit)), next };
}

/** Topics of the ledger that the globs mean; undefined: too many. */
async function knownTopics(
  { ledger, items }: IndexedLog,
  globs: readonly string[],
): Promise<ReadonlySet<string> | undefined> {
  const topics = new Set<string>();
  for (const glob of new Set(globs)) {
    if (!glob.endsWith('*')) {
      if ((await items.get(knownTopicKey(ledger, glob))) !== undefined) topics.add(glob);
      continue;
    }
    const prefix = knownTopicPrefix(glob.slice(0, -1));
    for (const { sk } of await items.list(indexPartition(ledger), { prefix, limit: MAX_TOPICS + 1 }))
      topics.add(topicOfKey(sk));
    if (topics.size > MAX_TOPICS) return undefined;
  }
  return topics;
}

interface Blocks {
  readonly positions: readonly number[];
  /** the blocks say everything before this */
  readonly next: number;
}

async function readBlocks(
  { ledger, items }: IndexedLog,
  topic: string,
  { from, to, blocks }: ByTopics & { readonly blocks: number },
): Promise<Blocks | undefined> {
  const first = blockOf(from);
  const after = first === 0 ? undefined : padded(first - 1);
  const page = await items.list(blocksPartition(ledger, topic), { limit: blocks, ...defined({ after }) });
  const positions: number[] = [];
  for (const item of page) {
    const named = positionsIn(item);
    if (named === undefined) return undefined;
    positions.push(...named);
  }
  const last = page.at(-1);
  return { positions, next: last === undefined || page.length < blocks ? to : Number(last.sk) + BLOCK };
}

/** These entries, in the order of the log. One that is gone is left out, as it is by whoever reads the log. */
export async function readEntries(
  { entries }: Pick<IndexedLog, 'entries'>,
  positions: readonly number[],
): Promise<readonly LoggedEntry[]> {
  const runs: { from: number; to: number }[] = [];
  for (const position of positions) {
    const run = runs.at(-1);
    if (run !== undefined && position - run.to <= MAX_GAP) run.to = position;
    else runs.push({ from: position, to: position });
  }
  const wanted = new Set(positions);
  const found: LoggedEntry[] = [];
  for (let at = 0; at < runs.length; at += SIDE_BY_SIDE) {
    const pages = await Promise.all(
      runs.slice(at, at + SIDE_BY_SIDE).map(({ from, to }) => entries.readLog(from, to - from + 1)),
    );
    found.push(...pages.flat().filter(({ position }) => wanted.has(position)));
  }
  return found;
}
