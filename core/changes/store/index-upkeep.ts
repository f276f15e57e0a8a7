/**
 * The indices and counts of change-sets as a whole: built for a ledger from before they were kept, and compared with the records
 * they follow from. Building is for a process that writes alone; comparing changes nothing.
 */
import type { JsonValue } from '../../canonical/index.ts';
import type { Item, ItemKey, ItemStore, ItemWrite } from '../../ledger/index.ts';
import { countOf, defined } from '../../values/index.ts';
import { baseKey, baseOf, baseWrite, bucketsOf, readCounts, type Counts } from './change-counts.ts';
import { indexItemsOf, timerPlace, waitingPlace } from './change-index.ts';
import { createChangeStore, type Selection } from './change-store.ts';
import { isTerminal } from '../model/lifecycle.ts';
import type { ChangeRecord } from '../model/record.ts';

const PAGE = 500;
/** Writes of one transaction: every store takes as many. */
const WRITES = 100;
/** At what seems to differ, before it is said to. */
const MAX_READS = 3;

/** Builds what is missing, once. @returns how many change-sets were looked at; 0: it was built before */
export async function ensureChangeIndex(ledger: string, items: ItemStore): Promise<number> {
  const built = builtKey(ledger);
  if ((await items.get(built)) !== undefined) return 0;
  let examined = 0;
  const exact = new Map<string, number>();
  let writes: ItemWrite[] = [];
  for await (const record of openOrInReview(ledger, items)) {
    examined += 1;
    for (const bucket of bucketsOf(record)) exact.set(bucket, countOf(exact, bucket) + 1);
    for (const { key, value } of indexItemsOf(ledger, record)) writes.push({ kind: 'put', key, value, expect: 'any' });
    if (writes.length < WRITES) continue;
    await write(items, writes);
    writes = [];
  }
  await write(items, writes);
  await write(items, [
    ...(await corrections(ledger, items, { exact, counts: await readCounts(ledger, items) })),
    // Dying before this: it is built again, to the same end.
    { kind: 'put', key: built, value: {}, expect: 'any' },
  ]);
  return examined;
}

/** Builds it anew, after something was found that differs. For a process that writes alone. */
export async function rebuildChangeIndex(ledger: string, items: ItemStore): Promise<number> {
  const extra = await extraItems(ledger, items);
  await write(items, [...extra.map(deletion), { kind: 'delete', key: builtKey(ledger), expect: 'any' }]);
  return ensureChangeIndex(ledger, items);
}

/** @returns what differs first between the records and what is kept beside them; undefined: nothing. Others may write meanwhile. */
export async function checkChangeIndex(ledger: string, items: ItemStore): Promise<string | undefined> {
  if ((await items.get(builtKey(ledger))) === undefined && (await readCounts(ledger, items)).size === 0)
    return undefined; // from before they were kept, and not opened since
  const missing = await missingItem(ledger, items);
  if (missing !== undefined) return missing;
  const [extra] = await extraItems(ledger, items);
  if (extra !== undefined) return `${nameOf(extra)} names a change-set that does not belong there`;
  return miscount(ledger, items);
}

async function missingItem(ledger: string, items: ItemStore): Promise<string | undefined> {
  const store = createChangeStore(ledger, items);
  for await (const { id } of openOrInReview(ledger, items)) {
    const missing = await confirmed(async () => {
      const record = (await store.find(id))?.record;
      for (const { key, value } of record === undefined ? [] : indexItemsOf(ledger, record)) {
        const found = await items.get(key);
        if (found === undefined || !isSame(found.value, value)) return `${id} does not stand at ${nameOf(key)}`;
      }
      return undefined;
    });
    if (missing !== undefined) return missing;
  }
  return undefined;
}

/** Counts are compared when nothing was counted while the records were read; on a busy ledger the last look decides nothing. */
async function miscount(ledger: string, items: ItemStore): Promise<string | undefined> {
  for (let reads = 0; reads < MAX_READS; reads++) {
    const before = await readCounts(ledger, items);
    const exact = new Map<string, number>();
    for await (const record of recordsOf(ledger, items, 'all'))
      for (const bucket of bucketsOf(record)) exact.set(bucket, countOf(exact, bucket) + 1);
    const counts = await readCounts(ledger, items);
    const differs = [...new Set([...exact.keys(), ...counts.keys()])].find(
      (bucket) => countOf(exact, bucket) !== countOf(counts, bucket),
    );
    if (differs === undefined) return undefined;
    if (isSame([...before], [...counts]))
      return `"${differs}" is counted as ${countOf(counts, differs)}, but it is ${countOf(exact, differs)}`;
  }
  return undefined;
}

/** A difference that is still there when it is looked at again: a step in between makes one for a moment. */
async function confirmed<Found>(read: () => Promise<Found | undefined>): Promise<Found | undefined> {
  let found = await read();
  for (let reads = 1; found !== undefined && reads < MAX_READS; reads++) found = await read();
  return found;
}

/** Items of the indices that no record leads to. */
export async function extraItems(ledger: string, items: ItemStore): Promise<ItemKey[]> {
  const partitions = new Set([waitingPlace(ledger, 'review').pk, timerPlace(ledger, 'deadline').pk]);
  for await (const record of openOrInReview(ledger, items))
    for (const { key } of indexItemsOf(ledger, record)) partitions.add(key.pk);
  const extra: ItemKey[] = [];
  const store = createChangeStore(ledger, items);
  for (const pk of partitions) {
    for await (const { sk } of all(items, pk)) {
      const key = { pk, sk };
      const found = await confirmed(async () => {
        const record = (await store.find(sk.slice(sk.lastIndexOf('#') + 1)))?.record;
        const belongs =
          record !== undefined && indexItemsOf(ledger, record).some((item) => isSame({ ...item.key }, key));
        return belongs || (await items.get(key)) === undefined ? undefined : key;
      });
      if (found !== undefined) extra.push(found);
    }
  }
  return extra;
}

/** By bucket, of all that stand in an index. */
export async function exactCounts(ledger: string, items: ItemStore): Promise<Counts> {
  const exact = new Map<string, number>();
  for await (const record of openOrInReview(ledger, items))
    for (const bucket of bucketsOf(record)) exact.set(bucket, countOf(exact, bucket) + 1);
  return exact;
}

/** What makes the counts exact, however they change meanwhile: the difference comes on top. */
export async function corrections(
  ledger: string,
  items: ItemStore,
  { exact, counts }: { readonly exact: Counts; readonly counts: Counts },
): Promise<ItemWrite[]> {
  const writes: ItemWrite[] = [];
  for (const bucket of new Set([...exact.keys(), ...counts.keys()])) {
    const missing = countOf(exact, bucket) - countOf(counts, bucket);
    if (missing === 0) continue;
    const base = baseOf((await items.get(baseKey(ledger, bucket)))?.value);
    writes.push(baseWrite(ledger, bucket, base + missing));
  }
  return writes;
}

async function* recordsOf(ledger: string, items: ItemStore, of: Selection): AsyncGenerator<ChangeRecord> {
  const store = createChangeStore(ledger, items);
  for (let after: string | undefined; ;) {
    const ids = await store.ids(of, { limit: PAGE, ...defined({ after }) });
    for (const stored of await Promise.all(ids.map((id) => store.find(id))))
      if (stored !== undefined) yield stored.record;
    after = ids.at(-1);
    if (ids.length < PAGE) return;
  }
}

/** Every change-set that stands in an index, once. */
async function* openOrInReview(ledger: string, items: ItemStore): AsyncGenerator<ChangeRecord> {
  yield* recordsOf(ledger, items, { open: true });
  for await (const record of recordsOf(ledger, items, { review: true })) if (isTerminal(record.state)) yield record;
}

async function* all(items: ItemStore, pk: string): AsyncGenerator<Item> {
  for (let after: string | undefined; ;) {
    const page = await items.list(pk, { limit: PAGE, ...defined({ after }) });
    yield* page;
    after = page.at(-1)?.sk;
    if (page.length < PAGE) return;
  }
}

async function write(items: ItemStore, writes: readonly ItemWrite[]): Promise<void> {
  for (let from = 0; from < writes.length; from += WRITES) await items.write(writes.slice(from, from + WRITES));
}

function deletion(key: ItemKey): ItemWrite {
  return { kind: 'delete', key, expect: 'any' };
}

function isSame(one: JsonValue, other: JsonValue): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

export function builtKey(ledger: string): ItemKey {
  return { pk: `${ledger}#change-index`, sk: 'built' };
}

function nameOf({ pk, sk }: ItemKey): string {
  return `"${pk}" / "${sk}"`;
}
