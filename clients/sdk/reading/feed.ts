/** The change feed as an endless iteration: page after page from a cursor on, waiting at the end for what comes. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { DeliveredEvent } from '../../../core/events/index.ts';
import type { FeedPage } from '../../../api/index.ts';
import { backoffMs, isAborted, isTransient, type Transport } from '../connection/transport.ts';

export interface FeedFilterQuery {
  readonly topics?: readonly string[];
  readonly entity?: string;
  /** where to begin without a cursor: RFC 3339, or how long ago (`15m`, `24h`, `7d`) */
  readonly since?: string;
  /** where to end: behind what was recorded before it. RFC 3339, or how long ago */
  readonly until?: string;
}

export interface FeedQuery extends FeedFilterQuery {
  /** cursor of the last page seen, or `latest` for the end of the log; default: the beginning */
  readonly after?: string;
  /** false: end when there is nothing more, instead of waiting for it; with `until` it ends in any case */
  readonly live?: boolean;
  readonly signal?: AbortSignal;
}

export interface FeedItem<Event = DeliveredEvent> {
  readonly event: Event;
  /** pass as `after` to go on: nothing is left out, the page's events may come again; undefined: begin at the beginning */
  readonly cursor: string | undefined;
}

const PAGE = 100;
const WAIT_SECONDS = 20;

/** Ends when `signal` is aborted; network failures are waited out while live. */
export async function* readFeed(transport: Transport, query: FeedQuery): AsyncGenerator<FeedItem, void, undefined> {
  const { entity, since, until, signal } = query;
  const live = until === undefined && query.live !== false;
  const waitSeconds = live ? WAIT_SECONDS : 0;
  let after = query.after;
  let isConnected = false;
  for (let failures = 0; !isAborted(signal);) {
    let page: FeedPage;
    try {
      page = await transport<FeedPage>({
        method: 'GET',
        path: '/v1/feed',
        query: { ...{ after, since, until }, topics: query.topics?.join(','), entity, limit: PAGE, wait: waitSeconds },
        ...{ signal, waitSeconds },
      });
      failures = 0;
      isConnected = true;
    } catch (error) {
      if (isAborted(signal)) return;
      if (!live || !isConnected || !isTransient(error)) throw error;
      failures += 1;
      await sleep(backoffMs(failures), undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
      continue;
    }
    for (const [i, event] of page.events.entries())
      yield { event, cursor: i === page.events.length - 1 ? page.cursor : after };
    if (!live && page.cursor === after) return; // a page without events may only say how far was looked
    after = page.cursor;
  }
}
