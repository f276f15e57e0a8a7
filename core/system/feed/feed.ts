/**
 * The change feed: events in commit order, from any point, for those who may read them; page by page, or followed as they
 * come. It does not know how events travel.
 */
import type { EpochMs } from '../../brands/index.ts';
import type { Clock, EntryStore, LoggedEntry } from '../../ledger/index.ts';
import { matchesGlob, type Policy, type Principal } from '../../policy/index.ts';
import { orNone, timeOfMoment, type Moment } from '../../values/index.ts';
import { formatCursor, parseCursor } from './feed-cursor.ts';
import { itemOf, scan, type FeedEnd, type FeedTail, type Find, type IsWanted } from './feed-page.ts';
import type { LogIndex } from './log-index.ts';
import { LogTail } from './log-tail.ts';
import { endBefore, firstAtOrAfter } from './log-times.ts';
import type { Feed, FeedBatch, FeedFilter } from '../contract/nervous-system.ts';
import { createOpenStreams } from './open-streams.ts';

/** Of a page, by the size of its entries. What carries it has limits too: a function's answer may have 6 MB. */
const MAX_PAGE_BYTES = 1024 * 1024;
/** What a slow reader of a stream can keep waiting in memory: at least one event, the largest has 64 KiB. */
const BATCH = { limit: 100, maxBytes: 128 * 1024 };
/** A stream with nothing to say gives its cursor after this long, looking twice as often: never later than 15 s. */
const IDLE_MS = 10_000;
const REREAD_MS = 5_000;
/** The same where other processes write as well, so that nobody tells of what was committed. */
const POLL_MS = 200;

export interface FeedDependencies {
  readonly entries: Pick<EntryStore, 'readLog' | 'size' | 'exclusive'>;
  readonly policy: Policy;
  readonly clock: Clock;
  /** sizes at which the log was begun anew after a loss */
  readonly incarnations?: readonly number[];
  readonly streams: { readonly perPrincipal: number };
  /** finds what narrow filters want; absent: the log is read */
  readonly index?: LogIndex;
}

export interface CreatedFeed {
  readonly feed: Feed;
  /** Entries were committed. */
  readonly wake: () => void;
  readonly openStreams: () => number;
}

export function createFeed(deps: FeedDependencies): CreatedFeed {
  const { entries, policy, clock, incarnations = [], streams, index } = deps;
  const cursorAt = (position: number): string => formatCursor(position, incarnations);
  const timeOf = (moment: Moment): EpochMs => timeOfMoment(moment, clock.now());
  const startOf = async ({ after, since, subscription }: FeedFilter & { readonly after?: string }): Promise<number> => {
    if (after !== undefined) return parseCursor(after, await entries.size(), incarnations);
    const first = orNone(subscription?.from);
    return since === undefined ? first : Math.max(first, await firstAtOrAfter(entries, timeOf(since)));
  };
  const endOf = async ({ until }: FeedFilter): Promise<number> =>
    until === undefined ? Infinity : endBefore(entries, timeOf(until));
  const pollMs = entries.exclusive ? REREAD_MS : POLL_MS;
  const tail: FeedTail = new LogTail({ entries, clock, pollMs, itemOf: (entry) => itemOf(entry, cursorAt) });
  const open = createOpenStreams(streams.perPrincipal);
  const finder = (filter: FeedFilter): Find | undefined =>
    index === undefined ? undefined : finderOf(index, filter, (entry) => itemOf(entry, cursorAt));
  return {
    wake: () => tail.wake(),
    openStreams: () => open.count(),
    feed: {
      read: async (principal, options) => {
        const { limit, waitMs, signal } = options;
        const isWanted = wantedBy(policy, principal, options);
        const patience = { clock, until: clock.now() + waitMs, signal };
        const before = await endOf(options);
        const bounds = { isWanted, limit, before, maxBytes: MAX_PAGE_BYTES, find: finder(options) };
        let page = await scan(tail, await startOf(options), bounds);
        const mayGrow = before === Infinity;
        while (
          mayGrow &&
          page.items.length === 0 &&
          page.end !== undefined &&
          (await waitFor(tail, page.end, patience))
        )
          page = await scan(tail, page.next, bounds);
        return { items: page.items, cursor: cursorAt(page.next), ...(page.next < before ? {} : { isLast: true }) };
      },
      follow: async (principal, options) => {
        const { signal } = options;
        const from = await startOf(options);
        const before = await endOf(options);
        if (from >= before) return undefined;
        const leave = open.take(principal.id, signal);
        const isWanted = wantedBy(policy, principal, options);
        return follow({ tail, clock, cursorAt }, { from, before, isWanted, find: finder(options), signal, leave });
      },
    },
  };
}

interface Followable {
  readonly tail: FeedTail;
  readonly clock: Clock;
  readonly cursorAt: (position: number) => string;
}

interface Followed {
  readonly from: number;
  readonly before: number;
  readonly isWanted: IsWanted;
  readonly find: Find | undefined;
  readonly signal: AbortSignal;
  readonly leave: () => void;
}

async function* follow(
  { tail, clock, cursorAt }: Followable,
  { from, before, isWanted, find, signal, leave }: Followed,
): AsyncGenerator<FeedBatch, void, undefined> {
  try {
    yield { items: [], cursor: cursorAt(from) };
    let toldAt = clock.now();
    for (let next = from; !signal.aborted && next < before;) {
      const page = await scan(tail, next, { isWanted, find, before, ...BATCH });
      next = page.next;
      const isAway = page.end === undefined || next >= before; // far from the end and nothing found: told, so that it is not scanned again
      if (page.items.length > 0 || isAway || clock.now() - toldAt >= IDLE_MS) {
        yield { items: page.items, cursor: cursorAt(next) };
        toldAt = clock.now();
      }
      if (page.end !== undefined && next < before) await tail.wait(page.end, signal);
    }
  } finally {
    leave();
  }
}

interface Patience {
  readonly clock: Clock;
  /** ms since the Unix epoch */
  readonly until: number;
  readonly signal: AbortSignal | undefined;
}

/** @returns whether it is worth looking again */
async function waitFor(tail: FeedTail, end: FeedEnd, { clock, until, signal }: Patience): Promise<boolean> {
  const leftMs = until - clock.now();
  if (leftMs <= 0) return false;
  const done = new AbortController();
  const either = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]);
  await Promise.race([tail.wait(end, either), clock.sleep(leftMs, either)]);
  done.abort();
  return signal?.aborted !== true;
}

function wantedBy(policy: Policy, principal: Principal, { topics = [], entityId, subscription }: FeedFilter): IsWanted {
  const mayRead = subscription?.wants ?? ((event) => policy.may(principal, 'reads', event.entityId));
  return (event) =>
    (entityId === undefined || event.entityId === entityId) &&
    (topics.length === 0 || topics.some((glob) => matchesGlob(glob, event.topic))) &&
    mayRead(event);
}

function finderOf(
  index: LogIndex,
  { topics, entityId }: FeedFilter,
  item: (entry: LoggedEntry) => ReturnType<typeof itemOf>,
): Find {
  return async (from, limit) => {
    const found = await index.find(from, { topics, entityId }, limit);
    if (found === undefined || found.next <= from) return undefined;
    return { items: found.entries.map(item).filter((one) => one !== undefined), next: found.next };
  };
}
