/**
 * Where in the log a subscription begins. History and what comes are one log read by one cursor, so wherever it begins,
 * nothing is left out and nothing comes twice.
 */
import { msOf, type EpochMs } from '../../brands/index.ts';
import { parseEntry, type EntryStore } from '../../ledger/index.ts';
import { EventError } from '../catalog/errors.ts';
import type { Subscription } from './subscription.ts';

/** Entries are recorded in order of time but for clocks of several writers, which differ by less. */
const CLOCK_SKEW_MS = 5_000;
const PAGE = 256;

type Log = Pick<EntryStore, 'readLog' | 'size'>;

/** @throws EventError SUBSCRIPTION_INVALID: it would begin in the future, where no cursor of a feed points to */
export async function firstPosition(log: Log, startAt: Subscription['startAt'], nowMs: EpochMs): Promise<number> {
  if (typeof startAt === 'number' && startAt <= (await log.size())) return startAt;
  if (startAt === 'earliest') return 0;
  if (startAt === 'latest') return log.size();
  const since = typeof startAt === 'number' ? Infinity : msOf(startAt);
  if (since > nowMs) {
    const detail = 'lies in the future: subscribe to what is to come with "latest"';
    const problems = [{ pointer: '/startAt', detail }];
    throw new EventError({ code: 'SUBSCRIPTION_INVALID', message: `startAt ${detail}`, problems });
  }
  return firstSince(log, since, await firstNear(log, since - CLOCK_SKEW_MS));
}

/** Binary search: everything before it was recorded before `time`, as far as the clocks agree. */
async function firstNear(log: Log, time: number): Promise<number> {
  let low = 0;
  let high = await log.size();
  while (low < high) {
    const middle = (low + high) >>> 1;
    const [entry] = await log.readLog(middle, 1);
    if (entry === undefined || recordedAt(entry.note) >= time) high = middle;
    else low = middle + 1;
  }
  return low;
}

async function firstSince(log: Log, time: number, from: number): Promise<number> {
  for (let next = from; ;) {
    const page = await log.readLog(next, PAGE);
    const found = page.find(({ note }) => recordedAt(note) >= time);
    if (found !== undefined) return found.position;
    next = (page.at(-1)?.position ?? next - 1) + 1;
    if (page.length < PAGE) return next;
  }
}

/** A damaged entry says no time; to look at it once too often does no harm. */
function recordedAt(note: Uint8Array): number {
  const parsed = parseEntry(note);
  return parsed.kind === 'entry' ? msOf(parsed.body.at) : Infinity;
}
