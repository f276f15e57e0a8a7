/** What an event says of the event it was published because of, so that its way can be followed and loops are found. */
import type { DeliveredEvent } from './delivered-event.ts';

// A type, not an interface: only then is it assignable to metadata, which may have other members.
export type CausedMetadata = {
  readonly correlationId: string;
  readonly causationId: string;
  readonly hops: number;
  readonly traceparent?: string;
};

/** `publish({ …, metadata: caused(event) })` in whatever handles `event`. */
export function caused({ eventId, metadata = {} }: Pick<DeliveredEvent, 'eventId' | 'metadata'>): CausedMetadata {
  const { correlationId, hops, traceparent } = metadata;
  return {
    correlationId: typeof correlationId === 'string' ? correlationId : eventId,
    causationId: eventId,
    hops: (typeof hops === 'number' ? hops : 0) + 1,
    ...(typeof traceparent === 'string' ? { traceparent } : {}),
  };
}
