/**
 * How many change-sets wait, counted with every step in its own transaction, so that nobody reads all of them to know. A count is
 * two items, one written when a change-set comes and one when it goes: a store counts the writes of an item (its version), so
 * neither needs to be read first. Each is spread over shards, because a shared store lets one writer at a time at an item.
 */
import type { JsonValue } from '../../canonical/index.ts';
import type { Item, ItemKey, ItemStore, ItemWrite } from '../../ledger/index.ts';
import { countOf, defined } from '../../values/index.ts';
import { awaitedOf } from '../model/awaited.ts';
import { isReviewDue } from '../model/post-review.ts';
import type { ChangeRecord } from '../model/record.ts';

const SHARDS = 16;
const PAGE = 1_000;

/** What a change-set is counted under: `level:<level>`, `escalated`, `reminded:<times>`, `review`. */
export type Bucket = string;

export type Counts = ReadonlyMap<Bucket, number>;

export function bucketsOf(record: ChangeRecord | undefined): readonly Bucket[] {
  if (record === undefined) return [];
  const awaited = awaitedOf(record);
  const isReminded = awaited !== undefined && awaited.reminders > 0;
  return [
    ...(awaited === undefined ? [] : [`level:${awaited.level}`]),
    ...(awaited?.escalated === true ? ['escalated'] : []),
    ...(isReminded ? [`reminded:${awaited.reminders}`] : []),
    ...(isReviewDue(record) ? ['review'] : []),
  ];
}

/** What a step changes in the counts. */
export function countWrites(ledger: string, current: ChangeRecord | undefined, next: ChangeRecord): ItemWrite[] {
  const [before, after] = [bucketsOf(current), bucketsOf(next)];
  const count = (bucket: Bucket, way: 'in' | 'out'): ItemWrite => {
    const sk = `${bucket}#${way}#${shardOf(next.id)}`;
    return { kind: 'put', key: { pk: partitionOf(ledger), sk }, value: {}, expect: 'any' };
  };
  return [
    ...after.filter((bucket) => !before.includes(bucket)).map((bucket) => count(bucket, 'in')),
    ...before.filter((bucket) => !after.includes(bucket)).map((bucket) => count(bucket, 'out')),
  ];
}

/** As of now; a few hundred small items at most, however many change-sets there are. */
export async function readCounts(ledger: string, items: Pick<ItemStore, 'list'>): Promise<Counts> {
  const counts = new Map<Bucket, number>();
  for (let after: string | undefined; ;) {
    const page = await items.list(partitionOf(ledger), { limit: PAGE, ...defined({ after }) });
    for (const item of page) {
      const [bucket = '', way] = item.sk.split('#');
      counts.set(bucket, countOf(counts, bucket) + amountOf(item, way));
    }
    after = page.at(-1)?.sk;
    if (page.length < PAGE) return counts;
  }
}

/** Makes a count larger or smaller: for a ledger from before it was counted, and for counts that are wrong. */
export function baseWrite(ledger: string, bucket: Bucket, count: number): ItemWrite {
  return { kind: 'put', key: baseKey(ledger, bucket), value: { count }, expect: 'any' };
}

export function baseKey(ledger: string, bucket: Bucket): ItemKey {
  return { pk: partitionOf(ledger), sk: `${bucket}#base#0` };
}

function amountOf({ version, value }: Item, way: string | undefined): number {
  if (way === 'in') return version;
  if (way === 'out') return -version;
  return baseOf(value);
}

export function baseOf(value: JsonValue | undefined): number {
  const count = (value as { readonly count?: unknown } | undefined)?.count;
  return typeof count === 'number' ? count : 0;
}

function shardOf(id: string): number {
  let sum = 0;
  for (let i = 0; i < id.length; i++) sum += id.charCodeAt(i);
  return sum % SHARDS;
}

function partitionOf(ledger: string): string {
  return `${ledger}#change-count`;
}
