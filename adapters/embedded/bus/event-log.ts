/**
 * The log as the bus reads it: position by position, recent events from memory, older ones from the store. An event that
 * was committed but never announced (a crash in between) is simply read from the store: the log itself is the outbox.
 */
import { appendedEvent, readEvent, type Gap, type LoggedEvent } from '../../../core/events/index.ts';
import type { AppendedEntry, EntryStore } from '../../../core/ledger/index.ts';
import { orBlank } from '../../../core/values/index.ts';

/** Events kept in memory: a subscriber this far behind reads from the store. About 1 KiB each. */
const RECENT_EVENTS = 2_048;
const STORE_PAGE = 256;

/** A log position; `event` is undefined when the entry there is no event. */
export interface LogSlot {
  readonly position: number;
  readonly event: LoggedEvent | undefined;
  /** ISO 8601 UTC; empty when there is no event */
  readonly recordedAt: string;
}

/** A log position that holds an event. */
export interface Arrival extends LogSlot {
  readonly event: LoggedEvent;
}

export class EventLog {
  private readonly entries: EntryStore;
  private readonly onGap: (gap: Gap) => void;
  private recent: LogSlot[] = [];
  /** position of recent[0] */
  private recentFrom = 0;
  private end = 0;

  /** @param onGap told of what says it is an event and can be handed to nobody; perhaps again and again. Must not throw */
  constructor(entries: EntryStore, onGap: (gap: Gap) => void) {
    this.entries = entries;
    this.onGap = onGap;
  }

  async open(): Promise<void> {
    this.end = await this.entries.size();
    this.recentFrom = this.end;
    this.recent = [];
  }

  /** Position the next entry will get. */
  size(): number {
    return this.end;
  }

  /** Whether nothing was committed between what is known and these entries. */
  isNext(appended: readonly AppendedEntry[]): boolean {
    return appended.every(({ position }, i) => position === this.end + i);
  }

  /** Told about committed entries, in commit order. @returns their slots */
  add(appended: readonly AppendedEntry[]): readonly LogSlot[] {
    const slots = appended.map((entry) => {
      const position = entry.position as number; // the only writer knows it at once
      if (position !== this.end) this.restartAt(position);
      const slot = { position, event: appendedEvent(entry) as LoggedEvent | undefined, recordedAt: entry.at };
      this.recent.push(slot);
      this.end = position + 1;
      return slot;
    });
    if (this.recent.length > 2 * RECENT_EVENTS) {
      this.recent = this.recent.slice(-RECENT_EVENTS);
      this.recentFrom = this.end - RECENT_EVENTS;
    }
    return slots;
  }

  /** Slots from `from` on, at least one if there is one, at most `limit`. Synchronous when they are in memory. */
  read(from: number, limit: number): readonly LogSlot[] | Promise<readonly LogSlot[]> {
    if (from >= this.end) return [];
    if (from >= this.recentFrom) return this.recent.slice(from - this.recentFrom, from - this.recentFrom + limit);
    return this.readStored(from, Math.min(limit, STORE_PAGE));
  }

  /** The event at a position. */
  async at(position: number): Promise<Arrival | undefined> {
    const slot = (await this.read(position, 1))[0];
    return slot?.position === position && isArrival(slot) ? slot : undefined;
  }

  private async readStored(from: number, limit: number): Promise<readonly LogSlot[]> {
    return (await this.entries.readLog(from, limit)).map((entry) => {
      const read = readEvent(entry);
      if (read !== undefined && 'reason' in read) this.onGap(read);
      const recorded = read === undefined || 'reason' in read ? undefined : read;
      return { position: entry.position, event: recorded?.event, recordedAt: orBlank(recorded?.at) };
    });
  }

  private restartAt(position: number): void {
    this.recent = [];
    this.recentFrom = position;
  }
}

export function isArrival(slot: LogSlot): slot is Arrival {
  return slot.event !== undefined;
}
