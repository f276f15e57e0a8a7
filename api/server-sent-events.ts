/**
 * Writes events of the feed as Server-Sent Events (WHATWG HTML, section 9.2). Every block carries the cursor behind it as its
 * id, even one that carries nothing else, so that a client that returns with the last id continues exactly there.
 */
import type * as z from 'zod';
import type { FeedBatch, FeedItem } from '../core/system/index.ts';
import { ApiError } from './errors.ts';
import type { RequestHeaders, StreamedBody } from './route.ts';

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

function idle(cursor: string): Uint8Array {
  return serverSentEvent({ id: cursor });
}

/** One block. Without data it is no event to the reader, but it moves its last id on. */
export function serverSentEvent(block: ServerSentBlock): Uint8Array {
  if (block.data === undefined) return Buffer.from(`: keep-alive\nid: ${block.id}\n\n`);
  return Buffer.from(`id: ${block.id}\nevent: ${block.type}\ndata: ${JSON.stringify(block.data)}\n\n`);
}

/** `id` and `type` have no line breaks by their grammar, JSON has none of its own. */
type ServerSentBlock =
  | { readonly id: string; readonly data?: undefined }
  | { readonly id: string; readonly type: string; readonly data: object };

/** Where a reader got to since it was given its URL. @throws ApiError REQUEST_INVALID */
export function resumedAt(headers: RequestHeaders, cursor: z.ZodType<string>): string | undefined {
  const id = headers['last-event-id'];
  if (id === undefined || id === '') return undefined;
  const parsed = cursor.safeParse(id);
  if (parsed.success) return parsed.data;
  const detail = 'must be the id of an event of this stream';
  const problems = [{ pointer: '/last-event-id', detail }];
  throw new ApiError({ code: 'REQUEST_INVALID', message: `header Last-Event-ID ${detail}`, problems, place: 'header' });
}

/** An item is the same object for every stream: what is said of it is put into bytes once. */
const blocks = new WeakMap<FeedItem, Uint8Array>();

function blockOf(item: FeedItem): Uint8Array {
  let block = blocks.get(item);
  if (block === undefined) {
    block = serverSentEvent({ id: item.cursor, type: item.event.topic, data: item.event });
    blocks.set(item, block);
  }
  return block;
}
