/** Reads the log for one run of a pushed subscription: a page at a time, and of what was taken the event, until it is sent. */
import { msOf, type EpochMs } from '../../../core/brands/index.ts';
import {
  keepGap,
  readEvent,
  type DeliveredEvent,
  type Quarantine,
  type RecordedEvent,
  type Subscription,
} from '../../../core/events/index.ts';
import type { EntryStore, LoggedEntry } from '../../../core/ledger/index.ts';
import { isAfterStart } from '../bus/feed.ts';

/** Log entries of one read. */
const STEP = 256;
/** Pages of one scan: whoever reads a long history has a lease to renew. */
const MAX_PAGES = 16;

export interface Scan {
  readonly subscription: Pick<Subscription, 'startAt' | 'createdAt' | 'delayMs'>;
  readonly now: EpochMs;
  readonly wants: (event: DeliveredEvent) => boolean;
  /** @returns false: there is no room, and it stays the next */
  readonly take: (position: number, entity: string) => boolean;
  /** Everything before this log position was looked at. */
  readonly pass: (position: number) => void;
}

/** An entry at its place; `recorded` is missing when nobody can be handed it. */
export interface Found {
  readonly seq: number;
  readonly recorded: RecordedEvent | undefined;
}

export class LogReader {
  /** when the next event has waited long enough, in ms since the Unix epoch; Infinity: none waits for its time */
  dueAt = Infinity;
  /** `end`: nothing was there any more. `blocked`: the next event waits for room or for its time. */
  stand: 'end' | 'blocked' | 'more' = 'more';
  private readonly entries: Pick<EntryStore, 'readLog'>;
  private readonly quarantine: Pick<Quarantine, 'keep'>;
  private page: LoggedEntry[] = [];
  private readonly taken = new Map<number, Found>();

  constructor(options: {
    readonly entries: Pick<EntryStore, 'readLog'>;
    readonly quarantine: Pick<Quarantine, 'keep'>;
  }) {
    this.entries = options.entries;
    this.quarantine = options.quarantine;
  }

  async scan(from: number, scan: Scan): Promise<void> {
    this.dueAt = Infinity;
    this.stand = 'more';
    let next = from;
    for (let pages = 0; pages < MAX_PAGES; pages += 1) {
      const isFresh = this.page[0]?.position !== next;
      if (isFresh) this.page = [...(await this.entries.readLog(next, STEP))];
      const isEnd = isFresh && this.page.length < STEP;
      for (let entry = this.page[0]; entry !== undefined; entry = this.page[0]) {
        if (!(await this.passes(entry, scan))) {
          this.stand = 'blocked';
          return;
        }
        this.page.shift();
        next = entry.position + 1;
        scan.pass(next);
      }
      if (isEnd) {
        this.stand = 'end';
        return;
      }
    }
  }

  /** The next scan begins before where the last one ended. */
  rewind(): void {
    this.page = [];
    this.stand = 'more';
  }

  /** Undefined: the log has no such entry. */
  async at(position: number): Promise<Found | undefined> {
    const taken = this.taken.get(position);
    this.taken.delete(position);
    if (taken !== undefined) return taken;
    const [entry] = await this.entries.readLog(position, 1);
    if (entry?.position !== position) return undefined;
    const read = readEvent(entry);
    return { seq: entry.seq, recorded: read === undefined || 'reason' in read ? undefined : read };
  }

  private async passes(entry: LoggedEntry, { subscription, now, wants, take }: Scan): Promise<boolean> {
    const read = readEvent(entry);
    if (read === undefined) return true;
    if ('reason' in read) {
      await keepGap(this.quarantine, read);
      return true;
    }
    const { event, at } = read;
    if (!wants(event) || !isAfterStart(subscription, at)) return true;
    const { delayMs = 0 } = subscription;
    const dueAt = msOf(at) + delayMs;
    if (delayMs > 0 && dueAt > now) {
      this.dueAt = dueAt;
      return false;
    }
    if (!take(entry.position, event.entityId)) return false;
    this.taken.set(entry.position, { seq: entry.seq, recorded: read });
    return true;
  }
}
