/** The event in a stored entry, as subscribers and readers get it, with its place in the ledger. */
import { toHex } from '../canonical/index.ts';
import { parseEntry, type StoredEntry } from '../ledger/index.ts';
import { deliveredEvent, type DeliveredEvent, type EventData } from './envelope.ts';

export interface RecordedEvent {
  readonly event: DeliveredEvent;
  /** when it was recorded, ISO 8601 UTC */
  readonly at: string;
}

/** Undefined for entries that are no events and for unreadable bytes (verification reports those). */
export function recordedEvent({ note, chain, seq, hash, position }: StoredEntry): RecordedEvent | undefined {
  const parsed = parseEntry(note);
  if (parsed.kind !== 'entry' || parsed.body.type !== 'event') return undefined;
  const { idem, at, data } = parsed.body;
  const place = { entity: chain, seq, hash: toHex(hash), position };
  return { event: deliveredEvent({ idem, at, data: data as unknown as EventData }, place), at };
}
