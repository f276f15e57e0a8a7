/** Subscriptions as items: found for whom they are for, listed, and changed where nobody else changed them meanwhile. */
import { canonicalize } from '../../canonical/index.ts';
import type { Item, ItemKey, ItemStore } from '../../ledger/index.ts';
import type { Policy, Principal } from '../../policy/index.ts';
import { defined } from '../../values/index.ts';
import { EventError } from '../catalog/errors.ts';
import type { SubscriptionBus } from './ports.ts';
import { subscriptionCodec } from './stored.ts';
import { maySeeAll, requireOwnersRights } from './subscription-rights.ts';
import type { Subscription } from './subscription.ts';

const PAGE = 1_000;

/** What looking at subscriptions takes. */
export interface SubscriptionQueriesDependencies {
  readonly ledger: string;
  readonly items: ItemStore;
  readonly policy: Policy;
}

export type Change = (
  read: () => Promise<Item | undefined>,
  toNext: (subscription: Subscription) => Subscription,
  /** default: attached, or paused */
  deliver?: (changed: Subscription) => Promise<void>,
) => Promise<Subscription | undefined>;

/** Writes what becomes of it, then has it delivered so. @returns undefined: it is gone */
export function changing({
  items,
  policy,
  bus,
}: Pick<SubscriptionQueriesDependencies, 'items' | 'policy'> & {
  readonly bus: Pick<SubscriptionBus, 'attach' | 'pause'>;
}): Change {
  const byStatus = (changed: Subscription): Promise<void> =>
    changed.status === 'paused' ? bus.pause(changed.id) : bus.attach(changed);
  return async (read, toNext, deliver = byStatus) => {
    for (;;) {
      const item = await read();
      if (item === undefined) return undefined;
      const before = subscriptionOf(item);
      const changed = nextVersion(before, toNext(before));
      if (changed.status === 'active') requireOwnersRights(policy, changed);
      const key = { pk: item.pk, sk: item.sk };
      const written = await items.write([
        { kind: 'put', key, value: subscriptionCodec.encode(changed), expect: item.version },
      ]);
      if (written.kind === 'precondition') continue; // someone changed it in between: decide again on what it is now
      await deliver(changed);
      return changed;
    }
  };
}

/** @param purpose auditors may look at those of others; operators may look, and set them going. @throws EventError SUBSCRIPTION_NOT_FOUND */
export async function load(
  { ledger, items, policy }: SubscriptionQueriesDependencies,
  principal: Principal,
  id: string,
  purpose: 'use' | 'look' | 'operate' = 'use',
): Promise<Item> {
  const item = await items.get(keyOf({ ledger }, id));
  const isTheirs =
    item !== undefined &&
    (subscriptionOf(item).module === principal.id ||
      (purpose === 'look' && maySeeAll(policy, principal)) ||
      (purpose === 'operate' && policy.isOperator(principal)));
  if (isTheirs) return item;
  const message = `no subscription "${id.slice(0, 64)}" of "${principal.id}"`;
  throw new EventError({ code: 'SUBSCRIPTION_NOT_FOUND', message });
}

export function keyOf({ ledger }: Pick<SubscriptionQueriesDependencies, 'ledger'>, id: string): ItemKey {
  return { pk: `${ledger}#subscription`, sk: id };
}

export async function listAll(items: ItemStore, pk: string): Promise<readonly Subscription[]> {
  const found: Item[] = [];
  for (let after: string | undefined; ;) {
    const page = await items.list(pk, { limit: PAGE, ...defined({ after }) });
    found.push(...page);
    after = page.at(-1)?.sk;
    if (page.length < PAGE) return found.map(subscriptionOf);
  }
}

/** @throws UnreadableError */
export function subscriptionOf(item: Item): Subscription {
  return subscriptionCodec.decode(item);
}

/** Its number goes up where anything differs. */
function nextVersion(before: Subscription, next: Subscription): Subscription {
  const { version = 1 } = before;
  const isChanged = canonicalize(subscriptionCodec.encode(next)) !== canonicalize(subscriptionCodec.encode(before));
  return isChanged ? { ...next, version: version + 1 } : before;
}
