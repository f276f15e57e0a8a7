/** The event in a stored or appended entry, as subscribers and readers get it, with its place in the ledger. */
import { toHex } from '../canonical/index.ts';
import { parseEntry, type AppendedEntry, type LoggedEntry, type StoredEntry } from '../ledger/index.ts';
import { deliveredEvent, type DeliveredEvent, type EventData, type LoggedEvent } from './envelope.ts';

export interface RecordedEvent<Event extends DeliveredEvent = DeliveredEvent> {
  readonly event: Event;
  /** when it was recorded, ISO 8601 UTC */
  readonly at: string;
}

/** Undefined for entries that are no events and for unreadable bytes (verification reports those). */
export function recordedEvent(entry: LoggedEntry): RecordedEvent<LoggedEvent> | undefined;
export function recordedEvent(entry: StoredEntry): RecordedEvent | undefined;
export function recordedEvent({ note, chain, seq, hash, position }: StoredEntry): RecordedEvent | undefined {
  const parsed = parseEntry(note);
  if (parsed.kind !== 'entry' || parsed.body.type !== 'event') return undefined;
  const { data, ...body } = parsed.body;
  const place = { entity: chain, seq, hash: toHex(hash), ...(position === undefined ? {} : { position }) };
  return { event: deliveredEvent({ ...body, data: data as unknown as EventData }, place), at: body.at };
}

/** The event in an entry that was just appended; undefined when it is none. */
export function appendedEvent({ draft, at, chain, seq, hash, position }: AppendedEntry): DeliveredEvent | undefined {
  if (draft.type !== 'event') return undefined;
  const place = { entity: chain, seq, hash, ...(position === undefined ? {} : { position }) };
  return deliveredEvent({ ...draft, at, data: draft.data as unknown as EventData }, place);
}
