/** An event's way through the system: the entry it is in, and where it stands with every subscription. */
import { APPROVALS_SOURCE, findTold } from '../../changes/index.ts';
import {
  eventIdemKey,
  EventError,
  recordedEvent,
  type DeliveryReports,
  type DeliveryState,
  type SubscriptionQueries,
} from '../../events/index.ts';
import type { StoredEntry } from '../../ledger/index.ts';
import { principalsOf, type Policy } from '../../policy/index.ts';
import { defined } from '../../values/index.ts';
import type { GroundPorts } from '../contract/ports.ts';
import type { NervousConfig } from '../config/config.ts';
import type { NervousSystem } from '../contract/nervous-system.ts';

type Recorded = Pick<GroundPorts, 'entries' | 'items'>;

/** Finds an event by its id and says where it stands with every subscription. */
export function createTrace(
  { entries, items, bus }: Recorded & { readonly bus: DeliveryReports },
  { ledger, modules }: Pick<NervousConfig, 'ledger' | 'modules'>,
  { policy, subscriptions }: { readonly policy: Policy; readonly subscriptions: Pick<SubscriptionQueries, 'list'> },
): NervousSystem['trace'] {
  return async (principal, eventId, source) => {
    const sources =
      source === undefined ? [APPROVALS_SOURCE, ...principalsOf(policy.roster, modules).keys()] : [source];
    const found = recordedEvent(await findEvent({ ledger, entries, items }, sources, eventId));
    if (found === undefined) throw new Error(`the entry under event id "${eventId}" is not an event`);
    policy.require(principal, 'reads', found.event.entityId);
    const [deliveries, theirs] = await Promise.all([bus.trace(found.event), subscriptions.list(principal)]);
    const mayKnow = new Set(theirs.map(({ id }) => id));
    return {
      event: found.event,
      acceptedAt: found.at,
      deliveries: deliveries.map((one) => (mayKnow.has(one.subscription) ? one : withoutReasons(one))),
    };
  };
}

/** Where an event stands with others is everybody's to know who may read it; what their programs say when they fail is theirs. */
function withoutReasons({ history, ...state }: DeliveryState): DeliveryState {
  const tries = history?.map(({ at, outcome }) => ({ at, outcome }));
  const { reason: _, ...rest } = { reason: undefined, ...state };
  return { ...rest, ...defined({ history: tries }) };
}

/** The event a publisher recorded under this id. Without a source the id must belong to one source only. */
async function findEvent(
  where: Pick<NervousConfig, 'ledger'> & Recorded,
  sources: readonly string[],
  eventId: string,
): Promise<StoredEntry> {
  const found: StoredEntry[] = [];
  for (const source of sources) {
    const entry =
      (await where.entries.findByIdemKey(eventIdemKey(source, eventId))) ??
      (source === APPROVALS_SOURCE ? await findTold(where, eventId) : undefined);
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
