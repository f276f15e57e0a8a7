/**
 * Topics of which half of the subscribers or more get nothing, because the breakers of their deliveries are open: then it is
 * no single subscriber that is broken. Breakers are stored only while deliveries fail, so a calm system pays one empty read.
 */
import { failingTopics, type Subscription } from '../../../core/events/index.ts';
import type { ItemStore } from '../../../core/ledger/index.ts';
import { defined } from '../../../core/values/index.ts';
import { isOpenBreaker } from './breakers.ts';

const PAGE = 1_000;

export interface TopicsFailingOptions {
  readonly ledger: string;
  readonly items: Pick<ItemStore, 'list'>;
  /** all that are declared */
  readonly topics: readonly string[];
}

/** @param known subscriptions that are sent to, whose open breaker stands elsewhere. @returns the topics' names */
export async function topicsFailing(
  { ledger, items, topics }: TopicsFailingOptions,
  subscriptions: readonly Subscription[],
  known: ReadonlySet<string> = new Set(),
): Promise<readonly string[]> {
  const byId = new Map(subscriptions.map((one) => [one.id, one]));
  const open = new Set(known);
  for (let after: string | undefined; ;) {
    const page = await items.list(`${ledger}#breaker`, { limit: PAGE, ...defined({ after }) });
    for (const item of page) if (isOpenBreaker(item, byId.get(item.sk))) open.add(item.sk);
    after = page.at(-1)?.sk;
    if (page.length < PAGE) break;
  }
  return open.size === 0 ? [] : [...failingTopics(topics, subscriptions, open).keys()];
}
