/**
 * One page of the feed. It is bounded by the entries read as well as by the events found. With a filter that lets little through it
 * therefore answers with a cursor to continue from, instead of scanning without end. What an index finds is looked at as what
 * is read: an index says where to look, never what is wanted.
 */
import { must } from '../../errors/index.ts';
import { recordedEvent, type DeliveredEvent } from '../../events/index.ts';
import type { LoggedEntry } from '../../ledger/index.ts';
import type { LogSegment, LogTail } from './log-tail.ts';
import type { FeedItem } from '../contract/nervous-system.ts';

/** Entries looked at for one page: well below 100 ms of work. */
const MAX_SCAN = 4_096;
/** Entries found by an index at a time. */
const MAX_FOUND = 100;
/** What asking the index costs, in entries. */
const ASKING = 64;

export type FeedTail = LogTail<SizedItem>;
export type FeedEnd = LogSegment<SizedItem>;
export type IsWanted = (event: DeliveredEvent) => boolean;
/** @returns undefined: read the log from there */
export type Find = (from: number, limit: number) => Promise<Pick<FeedEnd, 'items' | 'next'> | undefined>;

interface SizedItem extends FeedItem {
  readonly position: number;
  /** of the entry, which its JSON is about as large as */
  readonly bytes: number;
}

export interface Page {
  readonly items: readonly SizedItem[];
  readonly next: number;
  /** when the log ended here */
  readonly end?: FeedEnd;
}

export interface Bounds {
  readonly isWanted: IsWanted;
  readonly limit: number;
  readonly maxBytes: number;
  /** Entries from this log index on are not looked at. */
  readonly before: number;
  /** undefined: no index knows what is wanted */
  readonly find?: Find | undefined;
}

export async function scan(tail: FeedTail, start: number, bounds: Bounds): Promise<Page> {
  const { isWanted, limit, maxBytes, before } = bounds;
  const items: SizedItem[] = [];
  let bytes = 0;
  let next = start;
  let { find } = bounds;
  for (let looked = 0; looked < MAX_SCAN && items.length < limit && next < before;) {
    const found = await find?.(next, Math.min(MAX_FOUND, limit - items.length));
    if (found === undefined) find = undefined; // behind where it ends, it goes on saying nothing
    const read = found === undefined ? await tail.read(next) : undefined;
    const segment = found ?? must(read, 'a segment of the log');
    for (const item of segment.items) {
      if (item.position >= before) return { items, next: before };
      if (!isWanted(item.event)) continue;
      bytes += item.bytes;
      if (items.length === limit || (bytes > maxBytes && items.length > 0)) return { items, next: item.position };
      items.push(item);
    }
    looked += found === undefined ? segment.next - next : found.items.length + ASKING;
    next = Math.min(segment.next, before);
    if (read?.isEnd === true) return { items, next, end: read };
  }
  return { items, next };
}

export function itemOf(entry: LoggedEntry, cursorAt: (position: number) => string): SizedItem | undefined {
  const { position, note } = entry;
  const event = recordedEvent(entry)?.event;
  return event === undefined ? undefined : { event, cursor: cursorAt(position + 1), position, bytes: note.length };
}
