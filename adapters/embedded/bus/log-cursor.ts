/**
 * Knows how far a subscription is in the log. Behind the end, it reads the log itself. At the end, the bus tells it of the
 * events that it wants and it reads nothing else, so that an event costs only the subscriptions that want it. When it is told
 * too much, or of a gap, it reads again.
 */
import { setImmediate as letOthersIn } from 'node:timers/promises';
import { msOf } from '../../../core/brands/index.ts';
import type { DeliveredEvent } from '../../../core/events/index.ts';
import { isArrival, type Arrival, type EventLog, type LogSlot } from './event-log.ts';

/** Log slots looked at per step. */
const SCAN_SLOTS = 512;
/** Events a subscription is told of and has not taken; whoever is further behind reads the log. */
const MAX_TOLD = 2_048;

export interface LogCursorOptions {
  readonly log: EventLog;
  readonly wants: (event: DeliveredEvent) => boolean;
  /** ms between recording and delivery, at least */
  readonly delayMs: number;
  /** first log position to look at */
  readonly from: number;
}

export class LogCursor {
  /** when the next event is due, in ms since the Unix epoch; Infinity: no event waits for its time */
  dueAt = Infinity;
  private readonly options: LogCursorOptions;
  private next: number;
  /** read from the log and not looked at: whoever takes a few at a time must not read a page for each of them */
  private readAhead: readonly LogSlot[] = [];
  /** undefined: behind */
  private told: Arrival[] | undefined;

  constructor(options: LogCursorOptions) {
    this.options = options;
    this.next = options.from;
  }

  /** Everything wanted before this log position was handed on. */
  get position(): number {
    if (this.told === undefined) return this.next;
    return this.told[0]?.position ?? Math.max(this.next, this.options.log.size());
  }

  /** Events waiting, at most. */
  get behind(): number {
    return this.told?.length ?? Math.max(0, this.options.log.size() - this.next);
  }

  /** A new event at the end of the log. @returns whether there is something to look at now */
  tell(arrival: Arrival): boolean {
    if (this.told === undefined || arrival.position < this.next || !this.options.wants(arrival.event)) return false;
    if (this.told.length >= MAX_TOLD) this.fallBehind();
    else this.told.push(arrival);
    return true;
  }

  /** It may have missed something: from now on it reads the log again, until it is at the end. */
  fallBehind(): void {
    this.next = this.position;
    this.readAhead = [];
    this.told = undefined;
  }

  /** Hands on what is wanted and due, in log order, until `take` refuses one, which stays the next. */
  async scan(nowMs: number, take: (arrival: Arrival) => boolean): Promise<void> {
    this.dueAt = Infinity;
    const isTaken = (arrival: Arrival): boolean => this.isDue(arrival, nowMs) && take(arrival);
    while (this.told === undefined) {
      if (this.next >= this.options.log.size()) {
        this.told = [];
        return;
      }
      const read = this.readAhead.length > 0 ? this.readAhead : this.options.log.read(this.next, SCAN_SLOTS);
      const page = read instanceof Promise ? await read : read;
      if (page.length === 0) return;
      const refused = page.findIndex((slot) => !this.passes(slot, isTaken));
      this.readAhead = refused === -1 ? [] : page.slice(refused);
      if (refused !== -1) return;
      if (read instanceof Promise) await letOthersIn(); // a long history must not keep others from their events
    }
    const refused = this.told.findIndex((arrival) => !isTaken(arrival));
    this.told.splice(0, refused === -1 ? this.told.length : refused);
  }

  private passes(slot: LogSlot, isTaken: (arrival: Arrival) => boolean): boolean {
    if (isArrival(slot) && this.options.wants(slot.event) && !isTaken(slot)) return false;
    this.next = slot.position + 1;
    return true;
  }

  private isDue({ recordedAt }: Arrival, nowMs: number): boolean {
    const { delayMs } = this.options;
    if (delayMs === 0) return true;
    const dueAt = msOf(recordedAt) + delayMs;
    if (dueAt <= nowMs) return true;
    this.dueAt = dueAt;
    return false;
  }
}
