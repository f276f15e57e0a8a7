/**
 * An event as it waits in somebody's database: all that its entry will say is fixed when it is written down, so that publishing
 * it again is publishing the same.
 */
import type { EventInput } from '../../../core/events/index.ts';
import type { NervousConfig } from '../../../core/system/index.ts';
import type { PublishInput } from '../../sdk/index.ts';

/**
 * `version` must be named: without one an event has the newest of its topic, and while it waits the newest may become another.
 * Without an `eventId` the event gets one, and a `timestamp`. With one it is taken as it is: whoever writes it down again with the same id
 * has to say the same.
 */
export type OutboxInput<C extends NervousConfig = NervousConfig> = PublishInput<C> & { readonly version: number };

export type OutboxEvent = EventInput & { readonly eventId: string };

export function outboxEvent<C extends NervousConfig>(input: OutboxInput<C>): OutboxEvent {
  const event = input as unknown as EventInput; // the catalog's types exist at compile time only
  const { eventId, version, topic } = event;
  if (!Number.isSafeInteger(version))
    throw new TypeError(`an event in an outbox names the version of its topic "${topic}": add version`);
  if (eventId !== undefined) return { ...event, eventId };
  return { timestamp: new Date().toISOString(), ...event, eventId: crypto.randomUUID() };
}
