/**
 * Writes events of the feed as Server-Sent Events (WHATWG HTML, section 9.2). Every block carries the cursor behind it as its
 * id, even one that carries nothing else, so that a client that returns with the last id continues exactly there.
 */
import type { FeedBatch, FeedItem } from '../core/system/index.ts';
import type { StreamedBody } from './route.ts';

export const EVENT_STREAM = 'text/event-stream';
/** ms a browser waits before it comes back */
const RETRY_MS = 1_000;
const FIRST_LINE = Buffer.from(`retry: ${RETRY_MS}\n`);

export async function* eventStream(batches: AsyncIterable<FeedBatch>): StreamedBody & AsyncGenerator<Uint8Array, void> {
  yield FIRST_LINE;
  for await (const batch of batches) yield blocksOf(batch);
}

/** A stream that ends behind this batch. */
export function endedEventStream(batch: FeedBatch): Uint8Array {
  return Buffer.concat([FIRST_LINE, ...batch.items.map(blockOf), idle(batch.cursor)]);
}

function blocksOf({ items, cursor }: FeedBatch): Uint8Array {
  const [first] = items;
  if (first === undefined) return idle(cursor);
  return items.length === 1 ? blockOf(first) : Buffer.concat(items.map(blockOf));
}

/** Without data it is no event to the reader, but it moves its last id on. */
function idle(cursor: string): Uint8Array {
  return Buffer.from(`: keep-alive\nid: ${cursor}\n\n`);
}

/** An item is the same object for every stream: what is said of it is put into bytes once. */
const blocks = new WeakMap<FeedItem, Uint8Array>();

function blockOf(item: FeedItem): Uint8Array {
  let block = blocks.get(item);
  if (block === undefined) {
    // JSON has no line breaks of its own, and topics and cursors have none by their grammar.
    block = Buffer.from(`id: ${item.cursor}\nevent: ${item.event.topic}\ndata: ${JSON.stringify(item.event)}\n\n`);
    blocks.set(item, block);
  }
  return block;
}
