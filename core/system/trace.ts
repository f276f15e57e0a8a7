/** An event's way through the system: the entry it is in, and where it stands with every subscription. */
import { recordedEvent } from '../events/index.ts';
import type { Policy } from '../policy/index.ts';
import type { Ports } from './ports.ts';
import type { NervousConfig } from './config.ts';
import { findEvent } from './feed.ts';
import type { NervousSystem } from './nervous-system.ts';

/** Finds an event by its id and says where it stands with every subscription. */
export function createTrace(
  { entries, bus }: Pick<Ports, 'entries' | 'bus'>,
  { modules, roster }: NervousConfig,
  policy: Policy,
): NervousSystem['trace'] {
  const accounts = roster.people.flatMap((person) => person.accounts);
  const sources = [...Object.keys(modules), ...roster.agents.map(({ id }) => id), ...accounts];
  return async (principal, eventId, source) => {
    const found = recordedEvent(await findEvent(entries, source === undefined ? sources : [source], eventId));
    if (found === undefined) throw new Error(`the entry under event id "${eventId}" is not an event`);
    policy.require(principal, 'reads', found.event.entityId);
    return { event: found.event, acceptedAt: found.at, deliveries: await bus.trace(found.event) };
  };
}
