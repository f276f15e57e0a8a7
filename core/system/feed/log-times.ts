/**
 * Where in the log a time is. Positions decide order; the time of an entry is what the clock of its writer said, so along the log times
 * ascend but for what clocks differ by, and for how long an entry took from its writer to its place. A place is therefore searched by
 * halves, and those beside it are looked through. What an entry says of its time is believed here: a wrong one can move where a
 * reader begins or ends, and nothing else.
 */
import { msOf, type EpochMs } from '../../brands/index.ts';
import { parseEntry, type EntryStore, type LoggedEntry } from '../../ledger/index.ts';

/** Entries looked through beside the place that was found: a second of the fastest ledger there is. */
const BESIDE = 1_024;
const PAGE = 256;
/** Entries looked at for one that can be read. */
const NEIGHBOURS = 8;

type Log = Pick<EntryStore, 'readLog' | 'size'>;

/** The first of the entries around the time that was recorded then or later. @returns a log index; the size of the log: none */
export async function firstAtOrAfter(log: Log, time: EpochMs): Promise<number> {
  const found = await boundary(log, time);
  const begin = Math.max(0, found - BESIDE);
  for await (const { position, at } of timesIn(log, begin, found)) if (at >= time) return position;
  return found;
}

/** Behind the last of the entries around the time that was recorded before it. @returns a log index; 0: none */
export async function endBefore(log: Log, time: EpochMs): Promise<number> {
  const found = await boundary(log, time);
  let end = found;
  for await (const { position, at } of timesIn(log, found, found + BESIDE)) if (at < time) end = position + 1;
  return end;
}

/** A log index whose entry was recorded at the time or later, and the one before it earlier. */
async function boundary(log: Log, time: EpochMs): Promise<number> {
  let [low, high] = [0, await log.size()];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const at = await timeFrom(log, middle, high);
    if (at === undefined || at >= time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** undefined: none of the entries there can be read, and verification names them */
async function timeFrom(log: Log, position: number, end: number): Promise<EpochMs | undefined> {
  const [entry] = await log.readLog(position, 1);
  const time = entry && timeOf(entry);
  if (time !== undefined || position + 1 >= end) return time;
  const next = await log.readLog(position + 1, Math.min(NEIGHBOURS, end - position - 1));
  return next.map(timeOf).find((at) => at !== undefined);
}

async function* timesIn(
  log: Log,
  from: number,
  to: number,
): AsyncGenerator<{ readonly position: number; readonly at: EpochMs }, void> {
  for (let next = from; next < to;) {
    const page = await log.readLog(next, Math.min(PAGE, to - next));
    for (const entry of page) {
      const at = timeOf(entry);
      if (at !== undefined) yield { position: entry.position, at };
    }
    if (page.length === 0) return;
    next += page.length;
  }
}

function timeOf({ note }: LoggedEntry): EpochMs | undefined {
  const parsed = parseEntry(note);
  return parsed.kind === 'entry' ? msOf(parsed.body.at) : undefined;
}
