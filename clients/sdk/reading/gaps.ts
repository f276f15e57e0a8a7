/**
 * Events that a consumer should have had by now. Sequence numbers of a chain have no holes, so what lies between the event
 * delivered last and this one can be read and told apart: entries that are no events or not wanted, events that the
 * service has settled or tries again in its own time, and events still on their way, which are done first.
 */
import type { EntryPage } from '../../../api/index.ts';
import {
  deliveredEvent,
  subscriptionMatcher,
  type DeliveredEvent,
  type DeliveryState,
  type EventData,
  type Subscription,
} from '../../../core/events/index.ts';
import type { EventTrace } from '../../../core/system/index.ts';
import { defined } from '../../../core/values/index.ts';
import { ApiProblem } from '../connection/problems.ts';
import type { Transport } from '../connection/transport.ts';
import { pathSegment } from '../connection/paths.ts';

export interface Gaps {
  /** What was not delivered although it comes before this event of its entity, oldest first. */
  before(event: DeliveredEvent): AsyncGenerator<DeliveredEvent, void, undefined>;
  /** This event was delivered here, whatever came of it. */
  delivered(event: DeliveredEvent): void;
}

type Wants = (event: DeliveredEvent) => boolean;

/** Entities whose newest delivery is known; one that was forgotten begins anew, without a gap. */
const REMEMBERED_ENTITIES = 10_000;
/** Entries per request, the service's own limit. */
const PAGE = 200;
/** The event is in the subscription's queue, or on its way to a consumer that may never have got it. */
const ON_ITS_WAY: readonly DeliveryState['state'][] = ['pending', 'relayed', 'in-flight'];

/** Reads the chain only where numbers are left out, each entry once; not at all where the subscriber may not read it. */
export function createGaps(transport: Transport, subscription: Subscription): Gaps {
  const newest = new Map<string, number>();
  const unreadable = new Set<string>();
  let wants: Wants | undefined;
  const wanted = ({ body, seq, hash, position }: EntryPage['entries'][number]): DeliveredEvent[] => {
    if (body.type !== 'event') return [];
    wants ??= subscriptionMatcher(body.ledger, subscription);
    const place = { entity: body.entity, seq, hash, ...defined({ position }) };
    const event = deliveredEvent({ ...body, data: body.data as unknown as EventData }, place);
    return wants(event) ? [event] : [];
  };
  return {
    async *before({ entityId, ledger: { seq: end } }) {
      const last = newest.get(entityId);
      if (last === undefined || unreadable.has(entityId)) return;
      for (let from = last + 1; from < end; from += PAGE) {
        const page = await readEntries(transport, entityId, { from, limit: Math.min(PAGE, end - from) });
        if (page === undefined) unreadable.add(entityId);
        if (page === undefined) return;
        for (const event of page.entries.flatMap(wanted))
          if (await isOnItsWay(transport, subscription.id, event)) yield event;
      }
    },
    delivered: ({ entityId, ledger: { seq } }) => {
      const last = Math.max(seq, newest.get(entityId) ?? -1);
      newest.delete(entityId);
      newest.set(entityId, last);
      if (newest.size > REMEMBERED_ENTITIES) newest.delete(newest.keys().next().value as string);
    },
  };
}

/** undefined: the subscriber has no right to read it */
async function readEntries(
  transport: Transport,
  entityId: string,
  query: { readonly from: number; readonly limit: number },
): Promise<EntryPage | undefined> {
  const path = `/v1/entities/${pathSegment(entityId)}/entries`;
  try {
    return await transport<EntryPage>({ method: 'GET', path, query });
  } catch (error) {
    if (error instanceof ApiProblem && error.code === 'FORBIDDEN') return undefined;
    throw error;
  }
}

async function isOnItsWay(
  transport: Transport,
  subscription: string,
  { eventId, source }: DeliveredEvent,
): Promise<boolean> {
  const path = `/v1/events/${pathSegment(eventId)}`;
  const { deliveries } = await transport<EventTrace>({ method: 'GET', path, query: { source } });
  const own = deliveries.find((delivery) => delivery.subscription === subscription);
  return own !== undefined && ON_ITS_WAY.includes(own.state);
}
