/**
 * The end of the log, watched once for everyone who waits for it: a segment of the log is read and parsed once however many
 * readers want it, and one timer serves all who wait. It decides neither who may see an event nor who wants it.
 */
import type { Clock, EntryStore, LoggedEntry } from '../../ledger/index.ts';
import { orNone } from '../../values/index.ts';

/** Entries read at once: fewer where they are large, so that a segment does not much exceed its bytes. */
const SEGMENT_ENTRIES = { min: 8, max: 256 };
const SEGMENT_BYTES = 512 * 1024;
/** Segments kept for the next reader, by the size of their entries: those at the end are wanted by all who wait. */
const MAX_KEPT_BYTES = 4 * 1024 * 1024;
const MAX_KEPT_SEGMENTS = 64;

export interface LogTailOptions<Item> {
  /** exclusive: whatever is written is told by `wake`, so that an end once read is the end until then */
  readonly entries: Pick<EntryStore, 'readLog' | 'exclusive'>;
  readonly clock: Clock;
  /** ms after which those who wait look again although nobody woke them */
  readonly pollMs: number;
  /** what readers want to know of an entry; undefined: nothing */
  readonly itemOf: (entry: LoggedEntry) => Item | undefined;
}

export interface LogSegment<Item> {
  /** the same objects for every reader */
  readonly items: readonly Item[];
  /** the log index to read on from */
  readonly next: number;
  /** the log ended here when this was read */
  readonly isEnd: boolean;
  /** how often the log had grown by then */
  readonly asOf: number;
  /** of its entries */
  readonly bytes: number;
}

export class LogTail<Item extends { readonly position: number }> {
  private readonly options: LogTailOptions<Item>;
  /** by where they begin, the oldest first */
  private readonly kept = new Map<number, LogSegment<Item>>();
  private keptBytes = 0;
  private readonly reading = new Map<number, Promise<LogSegment<Item>>>();
  private readonly waiting = new Set<() => void>();
  private entriesAtOnce = SEGMENT_ENTRIES.max;
  private timesGrown = 0;
  private isTimed = false;

  constructor(options: LogTailOptions<Item>) {
    this.options = options;
  }

  /** The log from an index on. What is being read, or was a moment ago, is not read again. */
  read(from: number): LogSegment<Item> | Promise<LogSegment<Item>> {
    const known = this.kept.get(from) ?? this.restOf(from) ?? this.reading.get(from);
    if (known !== undefined) return known;
    const reading = this.readStored(from);
    this.reading.set(from, reading);
    const forget = (segment?: LogSegment<Item>): void => {
      const isStill = segment?.next === from && this.options.entries.exclusive;
      if (!isStill && this.reading.get(from) === reading) this.reading.delete(from);
    };
    reading.then(forget, () => forget());
    return reading;
  }

  /** Resolves when there may be more than this segment told, or when nobody waits for it any more. Never rejects. */
  wait({ asOf }: Pick<LogSegment<Item>, 'asOf'>, signal?: AbortSignal): Promise<void> {
    if (asOf !== this.timesGrown || signal?.aborted === true) return Promise.resolve();
    return new Promise((resolve) => {
      const resume = (): void => {
        this.waiting.delete(resume);
        signal?.removeEventListener('abort', resume);
        resolve();
      };
      this.waiting.add(resume);
      signal?.addEventListener('abort', resume);
      this.pollLater();
    });
  }

  /** The log has grown, or may have: whoever waits looks again. */
  wake(): void {
    this.timesGrown += 1;
    this.reading.clear(); // a reader that comes from now on must not be told of an earlier end
    for (const resume of this.waiting) resume();
  }

  private pollLater(): void {
    if (this.isTimed) return;
    this.isTimed = true;
    const { clock, pollMs } = this.options;
    void clock.sleep(pollMs).then(() => {
      this.isTimed = false;
      this.wake();
    });
  }

  /** For a reader whose page ended within a segment. */
  private restOf(from: number): LogSegment<Item> | undefined {
    for (const [begin, segment] of this.kept) {
      if (begin > from || from >= segment.next) continue;
      return { ...segment, items: segment.items.filter(({ position }) => position >= from) };
    }
    return undefined;
  }

  private async readStored(from: number): Promise<LogSegment<Item>> {
    const { entries, itemOf } = this.options;
    const [asOf, limit] = [this.timesGrown, this.entriesAtOnce];
    const found = await entries.readLog(from, limit);
    const items = found.map(itemOf).filter((item) => item !== undefined);
    const next = (found.at(-1)?.position ?? from - 1) + 1;
    const bytes = found.reduce((sum, { note }) => sum + note.length, 0);
    this.entriesAtOnce =
      bytes > SEGMENT_BYTES ? Math.max(SEGMENT_ENTRIES.min, limit / 2) : Math.min(SEGMENT_ENTRIES.max, limit * 2);
    if (found.length > 0) this.keep(from, { items, next, bytes, asOf, isEnd: false });
    return { items, next, bytes, asOf, isEnd: found.length < limit };
  }

  /** What is in the log never changes; where it ends does, so that is not kept. */
  private keep(from: number, segment: LogSegment<Item>): void {
    this.keptBytes += segment.bytes - orNone(this.kept.get(from)?.bytes);
    this.kept.set(from, segment);
    for (const [oldest, { bytes }] of this.kept) {
      if (this.keptBytes <= MAX_KEPT_BYTES && this.kept.size <= MAX_KEPT_SEGMENTS) break;
      this.kept.delete(oldest);
      this.keptBytes -= bytes;
    }
  }
}
