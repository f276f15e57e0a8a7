/**
 * Finds what a narrow filter wants without reading the log from end to end: by topic through the blocks of the index, by entity
 * through the chain. It answers with entries out of the log, and with how far it can speak for the log; behind that, and
 * wherever anything does not fit, the log itself is read.
 */
import type { Clock } from '../../ledger/index.ts';
import { isUnreadable, MS_PER_SECOND } from '../../values/index.ts';
import { findOnChain } from './find-on-chain.ts';
import { findByTopics } from './find-by-topics.ts';
import type { Found, IndexedLog, Wanted } from './indexed-log.ts';
import { indexEndCodec, indexEndKey } from './topic-blocks.ts';

/** Near the end the log itself is read, once for all who wait: how near, is looked at this often. */
const LOOK_MS = 10 * MS_PER_SECOND;
/** Entries at the end of the log whose copies of their log index may not be there yet: more than a sequencer places at once. */
const UNCOPIED = 128;

export interface LogIndex {
  /** @returns undefined: the index says nothing of what comes at `from`; read the log */
  find(from: number, wanted: Wanted, limit: number): Promise<Found | undefined>;
}

export function createLogIndex(sources: IndexedLog & { readonly clock: Clock }): LogIndex {
  const { ledger, entries, items, clock } = sources;
  let looked = { at: -Infinity, size: 0, indexed: 0 };
  const look = async (): Promise<typeof looked> => {
    const [size, mark] = await Promise.all([entries.size(), items.get(indexEndKey(ledger))]);
    const indexed = mark === undefined ? 0 : indexEndCodec.decode(mark).end;
    return (looked = { at: clock.monotonic(), size, indexed: Math.min(indexed, size) });
  };
  return {
    find: async (from, { topics = [], entityId }, limit) => {
      const isByTopic = topics.length > 0 && !topics.includes('*');
      if (entityId === undefined && !isByTopic) return undefined;
      const covered = ({ size, indexed }: typeof looked): number =>
        entityId === undefined ? indexed : size - UNCOPIED;
      if (from >= covered(looked) && clock.monotonic() - looked.at < LOOK_MS) return undefined;
      try {
        const to = covered(await look());
        if (from >= to) return undefined;
        return await (entityId === undefined
          ? findByTopics(sources, { topics, from, to, limit })
          : findOnChain(sources, { chain: entityId, from, to, limit }));
      } catch (error) {
        if (isUnreadable(error)) return undefined; // verification names it
        throw error;
      }
    },
  };
}
