/** Which change-sets wait for a decision or a review: how many, for how long, at which level. A metric, so it may be a moment old. */
import { msOf, type EpochMs } from '../../brands/index.ts';
import type { ItemStore } from '../../ledger/index.ts';
import { countOf } from '../../values/index.ts';
import { readCounts, type Counts } from './change-counts.ts';
import { waitingPlace } from './change-index.ts';

const LEVEL = 'level:';
const REMINDED = 'reminded:';
const MAX_OVERDUE = 1_000;

export interface QueueLength {
  readonly length: number;
  /** age of the oldest; 0 when nothing waits */
  readonly oldestAgeMs: number;
}

export interface ApprovalQueue extends QueueLength {
  /** how many of them have been escalated */
  readonly escalated: number;
  /** reminders sent for them */
  readonly reminders: number;
  readonly byLevel: Readonly<Record<string, QueueLength>>;
}

/** Change-sets that ran without the usual approval and wait to be looked at. */
export interface ReviewQueue {
  readonly length: number;
  /** how many of them should have been looked at by now, counted up to 1,000 */
  readonly overdue: number;
}

export interface ChangeQueues {
  readonly approvalQueue: ApprovalQueue;
  readonly reviewQueue: ReviewQueue;
}

/** From counts and the ends of indices: as fast with a hundred thousand waiting as with one. */
export async function changeQueues(
  ledger: string,
  items: Pick<ItemStore, 'list'>,
  now: EpochMs,
): Promise<ChangeQueues> {
  const counts = await readCounts(ledger, items);
  const [approvals, reviews] = await Promise.all([
    approvalQueue(ledger, items, { counts, now }),
    reviewQueue(ledger, items, { counts, now }),
  ]);
  return { approvalQueue: approvals, reviewQueue: reviews };
}

interface QueueCounts {
  readonly counts: Counts;
  readonly now: EpochMs;
}

async function approvalQueue(
  ledger: string,
  items: Pick<ItemStore, 'list'>,
  { counts, now }: QueueCounts,
): Promise<ApprovalQueue> {
  const levels = [...counts].flatMap(([bucket, length]) =>
    length > 0 && bucket.startsWith(LEVEL) ? [{ level: bucket.slice(LEVEL.length), length }] : [],
  );
  const measured = await Promise.all(
    levels.map(async ({ level, length }) => ({
      level,
      length,
      oldestAgeMs: await oldestAge(ledger, items, { level, now }),
    })),
  );
  const byLevel = measured.sort((a, b) => (a.level < b.level ? -1 : 1));
  return {
    length: byLevel.reduce((sum, { length }) => sum + length, 0),
    oldestAgeMs: Math.max(0, ...byLevel.map(({ oldestAgeMs }) => oldestAgeMs)),
    escalated: countOf(counts, 'escalated'),
    reminders: remindersOf(counts),
    byLevel: Object.fromEntries(byLevel.map(({ level, ...waiting }) => [level, waiting])),
  };
}

async function reviewQueue(
  ledger: string,
  items: Pick<ItemStore, 'list'>,
  { counts, now }: QueueCounts,
): Promise<ReviewQueue> {
  const length = countOf(counts, 'review');
  const { pk, prefix } = waitingPlace(ledger, 'review');
  const first = length === 0 ? [] : await items.list(pk, { prefix, limit: MAX_OVERDUE });
  return { length, overdue: first.filter(({ sk }) => timeIn(sk, prefix) <= now).length };
}

async function oldestAge(
  ledger: string,
  items: Pick<ItemStore, 'list'>,
  { level, now }: { readonly level: string; readonly now: EpochMs },
): Promise<number> {
  const { pk, prefix } = waitingPlace(ledger, `level:${level}`);
  const [oldest] = await items.list(pk, { prefix, limit: 1 });
  return oldest === undefined ? 0 : Math.max(0, now - timeIn(oldest.sk, prefix));
}

function timeIn(sk: string, prefix: string): EpochMs {
  return msOf(sk.slice(prefix.length, sk.indexOf('#', prefix.length)));
}

function remindersOf(counts: Counts): number {
  let sum = 0;
  for (const [bucket, count] of counts)
    if (bucket.startsWith(REMINDED)) sum += count * Number(bucket.slice(REMINDED.length));
  return sum;
}
