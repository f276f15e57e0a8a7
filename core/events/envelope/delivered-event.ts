/**
 * What a subscriber receives of an event. Apart from what a publisher may say (envelope.ts), because clients in browsers need this, and none of the schemas.
 */
import type { ChainHash, IsoInstant } from '../../brands/index.ts';
import type { JsonObject } from '../../canonical/index.ts';
import type { EntryBody, FieldCommitment } from '../../ledger/index.ts';
import { defined } from '../../values/index.ts';
import type { WorkRef } from '../../work/index.ts';
import type { EventData } from './envelope.ts';

/** An event as subscribers get it: self-contained, with its place in the ledger so that anyone can check it. */
export interface DeliveredEvent {
  readonly eventId: string;
  readonly topic: string;
  readonly version: number;
  readonly timestamp: IsoInstant;
  readonly entityId: string;
  readonly userId?: string;
  readonly source: string;
  readonly payload: JsonObject;
  readonly metadata?: JsonObject;
  /** the claim under which it was published, which stood then */
  readonly work?: WorkRef;
  /** confidential fields that are kept beside the ledger: where each belongs, and the hash it is committed to with */
  readonly commits?: readonly FieldCommitment[];
  readonly ledger: {
    readonly entity: string;
    readonly seq: number;
    readonly hash: ChainHash;
    /** log index; absent when the event was handed on before it had one */
    readonly position?: number;
  };
}

/** An event that has its place in the log. */
export interface LoggedEvent extends DeliveredEvent {
  readonly ledger: DeliveredEvent['ledger'] & { readonly position: number };
}

export function deliveredEvent<Place extends DeliveredEvent['ledger']>(
  body: Pick<EntryBody, 'idem' | 'at' | 'commits'> & { readonly data: EventData },
  ledger: Place,
): DeliveredEvent & { readonly ledger: Place } {
  const { topic, version, source, payload, timestamp, userId, metadata, work } = body.data;
  return {
    eventId: body.idem,
    topic,
    version,
    timestamp: timestamp ?? body.at,
    entityId: ledger.entity,
    ...defined({ userId }),
    source,
    payload,
    ...defined({ metadata, work, commits: body.commits }),
    ledger,
  };
}

/** The shape EventBridge gives an event, which is what filters are written against: `detail` is the envelope. */
export function eventBridgeShape(ledger: string, event: DeliveredEvent): Record<string, unknown> {
  return {
    id: event.eventId,
    'detail-type': event.topic,
    source: `nervous.${ledger}.${event.source}`,
    time: event.timestamp,
    detail: event,
  };
}
