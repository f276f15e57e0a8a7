/**
 * Compares the index of topics with the log, and builds it anew. What stands in a block that does not belong there only costs a
 * reader time; what is missing hides an event from whoever reads by topic.
 */
import type { ItemWrite } from '../../ledger/index.ts';
import { defined } from '../../values/index.ts';
import { createTopicIndexer, topicsOf, type TopicIndexSources } from './topic-indexer.ts';
import {
  BLOCK,
  bitsOf,
  blockKey,
  blocksPartition,
  indexEndCodec,
  indexEndKey,
  indexPartition,
  knownTopicKey,
  knownTopicPrefix,
  topicBlockCodec,
  topicOfKey,
} from './topic-blocks.ts';

const PAGE = 500;
const WRITES = 100;

/** @returns what a reader by topic would miss first; undefined: nothing. @throws UnreadableError */
export async function checkTopicIndex(sources: TopicIndexSources): Promise<string | undefined> {
  const { ledger, entries, items } = sources;
  const mark = await items.get(indexEndKey(ledger));
  const end = mark === undefined ? 0 : indexEndCodec.decode(mark).end;
  if (end > (await entries.size())) return `it ends at ${end}, behind the log`;
  for (let first = 0; first < end; first += BLOCK) {
    const topics = await topicsOf(sources, first);
    for (const [topic, positions] of topics ?? []) {
      const block = await items.get(blockKey(ledger, topic, first));
      const bits = block === undefined ? undefined : topicBlockCodec.decode(block).bits;
      if (bits !== bitsOf(first, positions))
        return `of "${topic}", from log index ${first} on, it does not say what the log does`;
      if ((await items.get(knownTopicKey(ledger, topic))) === undefined) return `"${topic}" is not among its topics`;
    }
  }
  return undefined;
}

/** For a process that writes alone. @returns the log index up to which all is in the index */
export async function rebuildTopicIndex(sources: TopicIndexSources): Promise<number> {
  const { ledger, items } = sources;
  // The mark goes first: without it the index says nothing, whenever this dies.
  await items.write([{ kind: 'delete', key: indexEndKey(ledger), expect: 'any' }]);
  const topics = await keysOf(sources, indexPartition(ledger), knownTopicPrefix(''));
  for (const sk of topics) {
    const pk = blocksPartition(ledger, topicOfKey(sk));
    await remove(sources, pk, await keysOf(sources, pk));
  }
  await remove(sources, indexPartition(ledger), topics);
  return createTopicIndexer(sources).extend();
}

async function keysOf({ items }: TopicIndexSources, pk: string, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for (let after: string | undefined; ;) {
    const page = await items.list(pk, { prefix, limit: PAGE, ...defined({ after }) });
    keys.push(...page.map(({ sk }) => sk));
    after = page.at(-1)?.sk;
    if (page.length < PAGE) return keys;
  }
}

async function remove({ items }: TopicIndexSources, pk: string, keys: readonly string[]): Promise<void> {
  const writes = keys.map((sk): ItemWrite => ({ kind: 'delete', key: { pk, sk }, expect: 'any' }));
  for (let from = 0; from < writes.length; from += WRITES) await items.write(writes.slice(from, from + WRITES));
}
