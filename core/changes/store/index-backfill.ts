/**
 * Builds the indices and counts of change-sets beside those who write, for a store that many processes share: the items of a change-set
 * are put on condition that its record still stands, a page at a time. Whoever stops or dies goes on where the last page ended.
 */
import * as z from 'zod';
import { LedgerError, type ItemKey, type ItemStore, type ItemWrite } from '../../ledger/index.ts';
import { codecOf, defined, stored } from '../../values/index.ts';
import { readCounts } from './change-counts.ts';
import { indexItemsOf } from './change-index.ts';
import { createChangeStore, type ChangeStore } from './change-store.ts';
import { builtKey, corrections, exactCounts, extraItems } from './index-upkeep.ts';

/** Change-sets between two notes of how far it came. */
const PAGE = 50;
/** Of one change-set that moves meanwhile, and of all that are counted. */
const MAX_TRIES = 5;
/** What is looked at, in this order. */
const SELECTIONS = { open: { open: true }, review: { review: true } } as const;
const ORDER = ['open', 'review'] as const;

type Progress = { readonly of: (typeof ORDER)[number]; readonly after?: string };
export const progressCodec = codecOf<Progress>(
  'progress of the indices of change-sets',
  stored<Progress>({ of: z.enum(ORDER), after: z.string().exactOptional() }),
);

interface Backfill {
  readonly ledger: string;
  readonly items: ItemStore;
  readonly store: ChangeStore;
}

/** @returns whether all of it is there; if not, call again. @throws what the store throws; what was built stays */
export async function backfillChangeIndex(
  ledger: string,
  items: ItemStore,
  goOn: () => boolean = () => true,
): Promise<boolean> {
  if ((await items.get(builtKey(ledger))) !== undefined) return true;
  const backfill = { ledger, items, store: createChangeStore(ledger, items) };
  return (await indexAll(backfill, goOn)) && goOn() && (await countAll(backfill));
}

/** What was built is looked at anew, from the beginning: for indices that differ from the records. */
export function forgetWrites(ledger: string): readonly ItemWrite[] {
  return [builtKey(ledger), progressKey(ledger)].map((key): ItemWrite => ({ kind: 'delete', key, expect: 'any' }));
}

async function indexAll(backfill: Backfill, goOn: () => boolean): Promise<boolean> {
  const { ledger, items, store } = backfill;
  const item = await items.get(progressKey(ledger));
  if (item === undefined) await removeExtra(backfill);
  const from: Progress = item === undefined ? { of: 'open' } : progressCodec.decode(item);
  for (const of of ORDER.slice(ORDER.indexOf(from.of))) {
    let after = of === from.of ? from.after : undefined;
    for (;;) {
      if (!goOn()) return false;
      const ids = await store.ids(SELECTIONS[of], { limit: PAGE, ...defined({ after }) });
      for (const id of ids) await indexOne(backfill, id);
      after = ids.at(-1) ?? after;
      const value = progressCodec.encode({ of, ...defined({ after }) });
      await items.write([{ kind: 'put', key: progressKey(ledger), value, expect: 'any' }]);
      if (ids.length < PAGE) break;
    }
  }
  return true;
}

/** A step in between writes what it changes and no more, so this is tried until nothing came in between. */
async function indexOne({ ledger, items, store }: Backfill, id: string): Promise<void> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const found = await store.find(id);
    if (found === undefined) return;
    const { kind } = await items.write([
      ...indexItemsOf(ledger, found.record).map(({ key, value }): ItemWrite => ({
        kind: 'put',
        key,
        value,
        expect: 'any',
      })),
      { kind: 'check', key: store.keys.record(id), expect: found.version },
    ]);
    if (kind === 'written') return;
  }
  throw busy(`change-set ${id}`);
}

/** Items that no record leads to; one that a step makes right meanwhile stays. */
async function removeExtra({ ledger, items, store }: Backfill): Promise<void> {
  for (const key of await extraItems(ledger, items)) {
    const id = key.sk.slice(key.sk.lastIndexOf('#') + 1);
    const found = await store.find(id);
    const belongs = found !== undefined && indexItemsOf(ledger, found.record).some((one) => isSame(one.key, key));
    if (belongs) continue;
    await items.write([
      { kind: 'delete', key, expect: 'any' },
      { kind: 'check', key: store.keys.record(id), expect: found?.version ?? 'absent' },
    ]);
  }
}

/**
 * Counts are corrected by what was missing when nothing was counted in between; what is counted from then on comes on top. On a ledger
 * that is too busy for that, it is tried again with the next call.
 */
async function countAll({ ledger, items }: Backfill): Promise<boolean> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await readCounts(ledger, items);
    const exact = await exactCounts(ledger, items);
    const counts = await readCounts(ledger, items);
    if (JSON.stringify([...before]) !== JSON.stringify([...counts])) continue;
    await items.write([
      ...(await corrections(ledger, items, { exact, counts })),
      { kind: 'put', key: builtKey(ledger), value: {}, expect: 'any' },
      { kind: 'delete', key: progressKey(ledger), expect: 'any' },
    ]);
    return true;
  }
  return false;
}

function isSame(one: ItemKey, other: ItemKey): boolean {
  return one.pk === other.pk && one.sk === other.sk;
}

function progressKey(ledger: string): ItemKey {
  return { pk: builtKey(ledger).pk, sk: 'progress' };
}

function busy(what: string): LedgerError {
  return new LedgerError({
    code: 'STORE_UNAVAILABLE',
    message: `${what} changes faster than it is indexed: the next run tries again`,
  });
}
