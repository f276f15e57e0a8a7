/**
 * One page of the feed. It is bounded by the entries read as well as by the events found. With a narrow filter it therefore
 * answers with a cursor to continue from, instead of scanning without end.
 */
import { recordedEvent, type DeliveredEvent } from '../../events/index.ts';
import type { LoggedEntry } from '../../ledger/index.ts';
import type { LogSegment, LogTail } from './log-tail.ts';
import type { FeedItem } from '../contract/nervous-system.ts';

/** Entries looked at for one page: well below 100 ms of work. */
const MAX_SCAN = 4_096;

export type FeedTail = LogTail<SizedItem>;
export type FeedEnd = LogSegment<SizedItem>;
export type IsWanted = (event: DeliveredEvent) => boolean;

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

export async function scan(
  tail: FeedTail,
  start: number,
  { isWanted, limit, maxBytes }: { readonly isWanted: IsWanted; readonly limit: number; readonly maxBytes: number },
): Promise<Page> {
  const items: SizedItem[] = [];
  let bytes = 0;
  let next = start;
  while (next - start < MAX_SCAN && items.length < limit) {
    const segment = await tail.read(next);
    for (const item of segment.items) {
      if (!isWanted(item.event)) continue;
      bytes += item.bytes;
      if (items.length === limit || (bytes > maxBytes && items.length > 0)) return { items, next: item.position };
      items.push(item);
    }
    next = segment.next;
    if (segment.isEnd) return { items, next, end: segment };
  }
  return { items, next };
}

export function itemOf(entry: LoggedEntry, cursorAt: (position: number) => string): SizedItem | undefined {
  const { position, note } = entry;
  const event = recordedEvent(entry)?.event;
  return event === undefined ? undefined : { event, cursor: cursorAt(position + 1), position, bytes: note.length };
}
