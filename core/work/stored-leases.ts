/** The leases of all claims that stand, as they are stored. One that is damaged hides nothing of the others. */
import type { Item, ItemKey, ItemStore } from '../ledger/index.ts';
import { defined, isUnreadable } from '../values/index.ts';
import { leaseCodec, type Lease } from './lease.ts';

const PAGE = 100;

export interface StoredLeases {
  readonly key: (workId: string) => ItemKey;
  /** In the order of their work. */
  readonly page: (page: Page) => Promise<readonly StoredLease[]>;
  readonly all: () => Promise<readonly StoredLease[]>;
}

export interface StoredLease {
  readonly workId: string;
  /** undefined: what is stored is none of this work */
  readonly lease: Lease | undefined;
}

export interface Page {
  readonly after?: string;
  readonly limit: number;
}

export function storedLeases(ledger: string, items: Pick<ItemStore, 'list'>): StoredLeases {
  const pk = `${ledger}#work-lease`;
  const page: StoredLeases['page'] = async (asked) =>
    (await items.list(pk, asked)).map((item) => ({ workId: item.sk, lease: soundLease(item) }));
  return {
    key: (workId) => ({ pk, sk: workId }),
    page,
    all: async () => {
      const all: StoredLease[] = [];
      for (let last: readonly StoredLease[] | undefined; last === undefined || last.length === PAGE;) {
        last = await page({ ...defined({ after: last?.at(-1)?.workId }), limit: PAGE });
        all.push(...last);
      }
      return all;
    },
  };
}

function soundLease(item: Item): Lease | undefined {
  try {
    const lease = leaseCodec.decode(item);
    return lease.workId === item.sk ? lease : undefined;
  } catch (error) {
    if (isUnreadable(error)) return undefined;
    throw error;
  }
}
