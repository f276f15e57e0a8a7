/**
 * The version of a store that many processes share, and the migrations that lead to it, in order: each adds what an earlier release did
 * not keep, beside those who write, as far as time allows; the next call goes on. Entries are never touched. The embedded engine has
 * the version of its file instead, and is alone with it.
 */
import * as z from 'zod';
import { backfillChangeIndex, forgetChangeIndex } from '../../changes/index.ts';
import type { ItemKey, ItemStore } from '../../ledger/index.ts';
import { codecOf, stored } from '../../values/index.ts';
import { SystemError } from '../config/errors.ts';
import { indexEndKey } from '../feed/topic-blocks.ts';

interface Migration {
  /** the version that the store has afterwards; before, it has the one below */
  readonly to: number;
  readonly what: string;
  /** @returns whether it is done; if not, it is called again */
  readonly run: (sources: StoreSources, goOn: () => boolean) => Promise<boolean>;
}

export interface StoreSources {
  readonly ledger: string;
  readonly items: ItemStore;
}

export interface StoreUpgrade {
  readonly from: number;
  /** less than this release's: the next call goes on */
  readonly to: number;
  /** what was done, in order */
  readonly done: readonly string[];
}

/** A migration is never changed once it was released: a later one follows it. Version 1: a store without the mark. */
export const STORE_MIGRATIONS: readonly Migration[] = [
  {
    ...{ to: 2, what: 'indices and counts of change-sets' },
    run: ({ ledger, items }, goOn) => backfillChangeIndex(ledger, items, goOn),
  },
];
export const STORE_VERSION = 1 + STORE_MIGRATIONS.length;

type Mark = { readonly version: number };
export const markCodec = codecOf<Mark>('version of the store', stored<Mark>({ version: z.int().min(1) }));

/** @throws SystemError STORE_NEWER, what the store throws; what was done stays */
export async function upgradeStore(sources: StoreSources, goOn: () => boolean): Promise<StoreUpgrade> {
  const { ledger, items } = sources;
  const mark = await items.get(markKey(ledger));
  const from = mark === undefined ? 1 : markCodec.decode(mark).version;
  if (from > STORE_VERSION)
    throw new SystemError({
      code: 'STORE_NEWER',
      message: `the store of "${ledger}" has version ${from}, and this release knows ${STORE_VERSION}: deploy the release that wrote it, or a newer one`,
    });
  const done: string[] = [];
  for (const { to, what, run } of STORE_MIGRATIONS) {
    if (to <= from) continue;
    if (!goOn() || !(await run(sources, goOn))) return { from, to: to - 1, done };
    await items.write([{ kind: 'put', key: markKey(ledger), value: markCodec.encode({ version: to }), expect: 'any' }]);
    done.push(what);
  }
  return { from, to: STORE_VERSION, done };
}

/** Has everything that a migration builds, and the index of topics, built again: nothing is believed of what is there. */
export async function rebuildStore({ ledger, items }: StoreSources): Promise<void> {
  await items.write([
    { kind: 'delete', key: markKey(ledger), expect: 'any' },
    ...forgetChangeIndex(ledger),
    { kind: 'delete', key: indexEndKey(ledger), expect: 'any' }, // without its mark it says nothing, and is written anew
  ]);
}

function markKey(ledger: string): ItemKey {
  return { pk: `${ledger}#store`, sk: 'version' };
}
