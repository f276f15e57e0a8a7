/**
 * The event in a stored or appended entry, as subscribers and readers get it, with its place in the ledger. What is stored is
 * not trusted to be one: an entry that no publisher could have had recorded is stepped over, never handed on and never in the
 * way of those behind it.
 */
import type { ChainHash, IsoInstant } from '../../brands/index.ts';
import { toHex } from '../../canonical/index.ts';
import {
  eventProblem,
  parseEntry,
  type AppendedEntry,
  type LoggedEntry,
  type StoredEntry,
} from '../../ledger/index.ts';
import { defined } from '../../values/index.ts';
import { deliveredEvent, type DeliveredEvent, type LoggedEvent } from '../envelope/delivered-event.ts';
import type { EventData } from '../envelope/envelope.ts';
import type { Quarantine } from './quarantine.ts';

export interface RecordedEvent<Event extends DeliveredEvent = DeliveredEvent> {
  readonly event: Event;
  /** when it was recorded, ISO 8601 UTC */
  readonly at: IsoInstant;
}

/** An entry that says it is an event, or nothing that can be read: nobody can be handed it. */
export interface Gap {
  readonly entity: string;
  readonly seq: number;
  /** hex */
  readonly hash: ChainHash;
  readonly reason: string;
}

/** Undefined for entries that are no events, and for those that cannot be handed on (verification reports them). */
export function recordedEvent(entry: LoggedEntry): RecordedEvent<LoggedEvent> | undefined;
export function recordedEvent(entry: StoredEntry): RecordedEvent | undefined;
export function recordedEvent(entry: StoredEntry): RecordedEvent | undefined {
  const read = readEvent(entry);
  return read === undefined || 'reason' in read ? undefined : read;
}

/** As above, but says of what cannot be handed on why. */
export function readEvent(entry: LoggedEntry): RecordedEvent<LoggedEvent> | Gap | undefined;
export function readEvent(entry: StoredEntry): RecordedEvent | Gap | undefined;
export function readEvent({ note, chain, seq, hash, position }: StoredEntry): RecordedEvent | Gap | undefined {
  const parsed = parseEntry(note);
  const gap = (reason: string): Gap => ({ entity: chain, seq, hash: toHex(hash), reason });
  if (parsed.kind === 'unreadable') return gap(parsed.reason);
  if (parsed.body.type !== 'event') return undefined;
  const problem = eventProblem(parsed.body);
  if (problem !== undefined) return gap(problem);
  const { data, ...body } = parsed.body;
  const place = { entity: chain, seq, hash: toHex(hash), ...defined({ position }) };
  return { event: deliveredEvent({ ...body, data: data as unknown as EventData }, place), at: body.at };
}

/** Puts what was stepped over where auditors look, once however often it is met. */
export async function keepGap(quarantine: Pick<Quarantine, 'keep'>, { reason, ...place }: Gap): Promise<void> {
  await quarantine.keep(place, `recorded, but delivered to nobody: ${reason}: verify the ledger`);
}

/** The event in an entry that was just appended; undefined when it is none. */
export function appendedEvent({ draft, at, chain, seq, hash, position }: AppendedEntry): DeliveredEvent | undefined {
  if (draft.type !== 'event') return undefined;
  const place = { entity: chain, seq, hash, ...defined({ position }) };
  return deliveredEvent({ ...draft, at, data: draft.data as unknown as EventData }, place);
}
