/**
 * The change feed: events in commit order, from any point, to whoever may read them. A cursor is a log position, and names the
 * incarnation of the log when it is not the first: what a reader saw of entries that are lost must not be taken for others.
 */
import { eventIdemKey, EventError, recordedEvent, type DeliveredEvent } from '../events/index.ts';
import type { Clock, EntryStore, StoredEntry } from '../ledger/index.ts';
import { matchesGlob, type Policy, type Principal } from '../policy/index.ts';
import { SystemError } from './errors.ts';
import type { Feed } from './nervous-system.ts';

/** Entries looked at per read, so that a narrow filter answers with a cursor instead of scanning on and on. */
const MAX_SCAN = 10_000;
const PAGE = 500;
/** How often a waiting reader looks for something new. */
const POLL_MS = 50;

export interface FeedDependencies {
  readonly entries: EntryStore;
  readonly policy: Policy;
  readonly clock: Clock;
  /** sizes at which the log was begun anew after a loss */
  readonly incarnations?: readonly number[];
}

export function createFeed({ entries, policy, clock, incarnations = [] }: FeedDependencies): Feed {
  return {
    read: async (principal, options) => {
      const until = clock.now() + options.waitMs;
      let from = options.after === undefined ? 0 : parseCursor(options.after, await entries.size(), incarnations);
      for (;;) {
        const { events, next } = await scan(entries, from, options.limit, (event) =>
          wants(policy, principal, event, options),
        );
        from = next;
        if (events.length > 0 || clock.now() >= until || options.signal?.aborted === true)
          return { events, cursor: formatCursor(next, incarnations) };
        await clock.sleep(POLL_MS, options.signal);
      }
    },
  };
}

/** The event a publisher recorded under this id. Without a source the id must belong to one source only. */
export async function findEvent(
  entries: EntryStore,
  sources: readonly string[],
  eventId: string,
): Promise<StoredEntry> {
  const found: StoredEntry[] = [];
  for (const source of sources) {
    const entry = await entries.findByIdemKey(eventIdemKey(source, eventId));
    if (entry !== undefined) found.push(entry);
  }
  const [entry, ...others] = found;
  if (entry === undefined)
    throw new EventError({ code: 'EVENT_NOT_FOUND', message: `no event "${eventId.slice(0, 128)}" is recorded` });
  if (others.length > 0)
    throw new EventError({
      code: 'EVENT_AMBIGUOUS',
      message: `several sources published "${eventId}": name one with source`,
    });
  return entry;
}

async function scan(
  entries: EntryStore,
  start: number,
  limit: number,
  wanted: (event: DeliveredEvent) => boolean,
): Promise<{ readonly events: DeliveredEvent[]; readonly next: number }> {
  const events: DeliveredEvent[] = [];
  let next = start;
  while (next - start < MAX_SCAN) {
    const page = await entries.readLog(next, PAGE);
    for (const entry of page) {
      if (events.length >= limit) return { events, next };
      next = entry.position + 1;
      const event = recordedEvent(entry)?.event;
      if (event !== undefined && wanted(event)) events.push(event);
    }
    if (page.length < PAGE) break;
  }
  return { events, next };
}

function wants(
  policy: Policy,
  principal: Principal,
  event: DeliveredEvent,
  { topics, entityId }: { topics?: readonly string[]; entityId?: string },
): boolean {
  if (entityId !== undefined && event.entityId !== entityId) return false;
  if (topics !== undefined && topics.length > 0 && !topics.some((glob) => matchesGlob(glob, event.topic))) return false;
  return policy.may(principal, 'reads', event.entityId);
}

function formatCursor(position: number, incarnations: readonly number[]): string {
  return `${incarnations.length === 0 ? '' : incarnations.length + 1}p${position}`;
}

/** @throws SystemError CURSOR_INVALID | CURSOR_GONE */
function parseCursor(cursor: string, size: number, incarnations: readonly number[]): number {
  const [, of = '1', at] = /^([2-9]|[1-9][0-9]{1,3})?p(0|[1-9][0-9]{0,14})$/.exec(cursor) ?? [];
  const position = at === undefined ? NaN : Number(at);
  // Up to where the log was begun anew, both have the same entries.
  const kept = Math.min(Infinity, ...incarnations.slice(Number(of) - 1));
  if (position > kept)
    throw new SystemError({
      code: 'CURSOR_GONE',
      message: `"${cursor}" points behind entries that are lost; the log goes on from "${formatCursor(kept, incarnations)}": read on from there`,
    });
  if (Number.isNaN(position) || position > size || Number(of) > incarnations.length + 1) {
    throw new SystemError({
      code: 'CURSOR_INVALID',
      message: `"${cursor.slice(0, 40)}" is not a cursor of this feed: start without one`,
    });
  }
  return position;
}
