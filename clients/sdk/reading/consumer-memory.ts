/**
 * What a consumer remembers of the events it has done, so that none is done twice. In memory it holds for one process; a
 * module whose effects must happen once although it crashes keeps it where the effects are.
 */
import type { DeliveredEvent } from '../../../core/events/index.ts';
import { RecentKeys } from './recent-keys.ts';

/** What names an event for good is `source` with `eventId`. */
export type EventKey = Pick<DeliveredEvent, 'source' | 'eventId' | 'entityId' | 'ledger'>;

/**
 * Effects happen exactly once when `recall` reads what the handler wrote down in the same transaction as its effect. Then `remember` has nothing left to do. A memory that only
 * `remember` writes repeats the one event whose handler had ended when the process died.
 */
export interface ConsumerMemory {
  /** Was this event done before? Asked before every handling; when it throws, the delivery has failed. */
  recall(event: EventKey): boolean | Promise<boolean>;
  /** The handler is done with it; called before the event is acknowledged. */
  remember(event: EventKey): void | Promise<void>;
}

const REMEMBERED_EVENTS = 10_000;

/** The last 10,000 events, until the process ends. */
export function createRecentMemory(): ConsumerMemory {
  const done = new RecentKeys(REMEMBERED_EVENTS);
  return {
    recall: (event) => done.has(eventKey(event)),
    remember: (event) => done.add(eventKey(event)),
  };
}

export function eventKey({ source, eventId }: Pick<DeliveredEvent, 'source' | 'eventId'>): string {
  return `${source}\n${eventId}`;
}
