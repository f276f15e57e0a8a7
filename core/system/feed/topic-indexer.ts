/**
 * Writes the index of topics behind the log, a block at a time, and never on the way of a commit. A block and the mark that says
 * it is there become true together, so whoever dies here left nothing half done; what lacks, of an older ledger all of it,
 * is made up for by the next call.
 */
import type { EntryStore, ItemStore, ItemWrite, LoggedEntry } from '../../ledger/index.ts';
import {
  BLOCK,
  bitsOf,
  blockKey,
  indexEndCodec,
  indexEndKey,
  knownTopicKey,
  topicBlockCodec,
  topicIn,
} from './topic-blocks.ts';

/** Of a transaction: every store takes as many. */
const MAX_WRITES = 100;
/** Log indices remembered of entries that the caller has read anyway. */
const MAX_MET = 16 * BLOCK;

export interface TopicIndexSources {
  readonly ledger: string;
  readonly entries: Pick<EntryStore, 'readLog' | 'size'>;
  readonly items: ItemStore;
}

export interface TopicIndexer {
  /** Entries of the log that the caller has read: they are not read again for the index. */
  met(entries: readonly Pick<LoggedEntry, 'position' | 'note'>[]): void;
  /**
   * Writes the blocks that are full, as long as `goOn` says so.
   * @returns the log index up to which all is in the index
   * @throws what the store throws; nothing is half done then
   */
  extend(goOn?: () => boolean | Promise<boolean>): Promise<number>;
}

export function createTopicIndexer(sources: TopicIndexSources): TopicIndexer {
  const { ledger, entries, items } = sources;
  /** log index → topic, of entries met */
  const met = new Map<number, string | undefined>();
  const known = new Set<string>();
  return {
    met: (page) => {
      for (const { position, note } of page) met.set(position, topicIn(note));
      for (const oldest of met.keys()) {
        if (met.size <= MAX_MET) break;
        met.delete(oldest);
      }
    },
    extend: async (goOn = () => true) => {
      for (;;) {
        const mark = await items.get(indexEndKey(ledger));
        const from = mark === undefined ? 0 : indexEndCodec.decode(mark).end;
        if (from === 0) known.clear(); // it is built anew
        if (from + BLOCK > (await entries.size()) || !(await goOn())) return from;
        const topics = await topicsOf(sources, from, met);
        if (topics === undefined) return from;
        const written = await write(items, [
          ...blocksOf(ledger, from, topics, known),
          {
            ...{ kind: 'put', key: indexEndKey(ledger), value: indexEndCodec.encode({ end: from + BLOCK }) },
            expect: mark?.version ?? 'absent',
          },
        ]);
        if (!written) return from; // another process was faster, and goes on
        for (const topic of topics.keys()) known.add(topic);
        for (let at = from; at < from + BLOCK; at++) met.delete(at);
      }
    },
  };
}

/** Topic → log indices of its events; undefined: an entry is gone, and may come back, so nothing is said of this block. */
export async function topicsOf(
  { entries }: Pick<TopicIndexSources, 'entries'>,
  from: number,
  met: ReadonlyMap<number, string | undefined> = new Map(),
): Promise<ReadonlyMap<string, readonly number[]> | undefined> {
  const places = Array.from({ length: BLOCK }, (_, i) => from + i);
  const found = places.every((position) => met.has(position))
    ? met
    : new Map((await entries.readLog(from, BLOCK)).map(({ position, note }) => [position, topicIn(note)]));
  const topics = new Map<string, number[]>();
  for (const position of places) {
    if (!found.has(position)) return undefined;
    const topic = found.get(position);
    if (topic === undefined) continue;
    const positions = topics.get(topic);
    if (positions === undefined) topics.set(topic, [position]);
    else positions.push(position);
  }
  return topics;
}

function blocksOf(
  ledger: string,
  first: number,
  topics: ReadonlyMap<string, readonly number[]>,
  known: ReadonlySet<string>,
): ItemWrite[] {
  return [...topics].flatMap(([topic, positions]): ItemWrite[] => [
    ...(known.has(topic)
      ? []
      : [{ kind: 'put', key: knownTopicKey(ledger, topic), value: {}, expect: 'any' } as const]),
    {
      ...{ kind: 'put', key: blockKey(ledger, topic, first), expect: 'any' },
      value: topicBlockCodec.encode({ bits: bitsOf(first, positions) }),
    },
  ]);
}

/** The last write is the mark. Dying before its transaction leaves blocks that the mark does not cover; they are written again. */
async function write(items: ItemStore, writes: readonly ItemWrite[]): Promise<boolean> {
  for (let from = 0; from < writes.length; from += MAX_WRITES) {
    const { kind } = await items.write(writes.slice(from, from + MAX_WRITES));
    if (kind !== 'written') return false;
  }
  return true;
}
