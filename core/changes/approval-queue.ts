/** How many change-sets wait for a decision, and since when: a metric, so a page may be a moment old. */
import type { ItemStore } from '../ledger/index.ts';
import { createChangeStore } from './change-store.ts';

const PAGE = 200;

export interface ApprovalQueue {
  readonly length: number;
  /** ISO 8601, when the oldest was proposed; absent when nothing waits */
  readonly oldestAt?: string;
}

export async function approvalQueue(ledger: string, items: ItemStore): Promise<ApprovalQueue> {
  const store = createChangeStore(ledger, items);
  const waiting: string[] = [];
  for (let after: string | undefined; ;) {
    const ids = await store.ids({ open: true }, { limit: PAGE, ...(after === undefined ? {} : { after }) });
    for (const id of ids) {
      const record = (await store.find(id))?.record;
      if (record?.state === 'pending') waiting.push(record.createdAt);
    }
    after = ids.at(-1);
    if (ids.length < PAGE) break;
  }
  const oldestAt = waiting.sort()[0];
  return { length: waiting.length, ...(oldestAt === undefined ? {} : { oldestAt }) };
}
