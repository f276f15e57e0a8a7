/** Which change-sets wait for a decision: how many, for how long, at which level. A metric, so it may be a moment old. */
import type { ItemStore } from '../ledger/index.ts';
import { createChangeStore, type ChangeStore, type Selection } from './change-store.ts';
import { isReviewDue } from './post-review.ts';
import type { ChangeRecord } from './record.ts';

const PAGE = 200;

/** What is measured of one change-set while people are awaited. */
export interface Awaited {
  /** `unassessed`: nobody can decide until it is revised */
  readonly level: string;
  /** ISO 8601, when it was proposed */
  readonly since: string;
  /** reminders sent since its assessment */
  readonly reminders: number;
  readonly escalated: boolean;
}

export interface Waiting {
  readonly length: number;
  /** age of the oldest; 0 when nothing waits */
  readonly oldestAgeMs: number;
}

export interface ApprovalQueue extends Waiting {
  /** how many of them have been escalated */
  readonly escalated: number;
  /** reminders sent for them */
  readonly reminders: number;
  readonly byLevel: Readonly<Record<string, Waiting>>;
}

export async function approvalQueue(ledger: string, items: ItemStore, now: number): Promise<ApprovalQueue> {
  const open = await collect(createChangeStore(ledger, items), { open: true }, awaitedOf);
  return summarizeQueue(open, now);
}

/** Change-sets that ran without the usual approval and wait to be looked at. */
export interface ReviewQueue {
  readonly length: number;
  /** how many of them should have been looked at by now */
  readonly overdue: number;
}

export async function reviewQueue(ledger: string, items: ItemStore, now: number): Promise<ReviewQueue> {
  const due = await collect(createChangeStore(ledger, items), { review: true }, (record) =>
    record !== undefined && isReviewDue(record) ? record.postReview?.due : undefined,
  );
  return { length: due.length, overdue: due.filter((at) => Date.parse(at) <= now).length };
}

/** What is looked for in each change-set of an index. */
async function collect<Found>(
  store: ChangeStore,
  of: Selection,
  look: (record: ChangeRecord | undefined) => Found | undefined,
): Promise<Found[]> {
  const all: Found[] = [];
  for (let after: string | undefined; ;) {
    const ids = await store.ids(of, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    const records = await Promise.all(ids.map(async (id) => (await store.find(id))?.record));
    all.push(...records.flatMap((record) => look(record) ?? []));
    after = ids.at(-1);
    if (ids.length < PAGE) return all;
  }
}

/** Undefined when nobody is awaited. */
export function awaitedOf(record: ChangeRecord | undefined): Awaited | undefined {
  if (record?.state !== 'pending') return undefined;
  const { assessment, createdAt, reminders = 0, eligible } = record;
  return { level: assessment?.level ?? 'unassessed', since: createdAt, reminders, escalated: eligible !== undefined };
}

/** @param now milliseconds since the Unix epoch */
export function summarizeQueue(all: readonly Awaited[], now: number): ApprovalQueue {
  const levels = [...new Set(all.map(({ level }) => level))].sort();
  return {
    ...measure(all, now),
    escalated: all.filter(({ escalated }) => escalated).length,
    reminders: all.reduce((sum, { reminders }) => sum + reminders, 0),
    byLevel: Object.fromEntries(
      levels.map((level) => [
        level,
        measure(
          all.filter((one) => one.level === level),
          now,
        ),
      ]),
    ),
  };
}

function measure(waiting: readonly Awaited[], now: number): Waiting {
  const oldest = Math.min(now, ...waiting.map(({ since }) => Date.parse(since)));
  return { length: waiting.length, oldestAgeMs: now - oldest };
}
