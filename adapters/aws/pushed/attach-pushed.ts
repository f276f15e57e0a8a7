/** Begins, or goes on, to deliver to a subscription that is sent to: its state is made, and a run is woken. */
import type { PushedSubscription } from '../../../core/events/index.ts';
import type { Ids } from '../../../core/ledger/index.ts';
import type { PushedItems } from './pushed-items.ts';
import type { WakeSubscription } from './wake-up.ts';

export interface AttachDependencies {
  readonly items: PushedItems;
  readonly wake: WakeSubscription;
  readonly ids: Pick<Ids, 'next'>;
}

export async function attachPushed(deps: AttachDependencies, subscription: PushedSubscription): Promise<void> {
  await deps.items.begin(subscription);
  if (subscription.status !== 'active') return;
  // Pause and resume close the breaker.
  if (subscription.resumedAt === undefined) await deps.wake([subscription.id]);
  else await askToReset(deps, subscription);
}

export async function askToReset(
  { items, ids, wake }: AttachDependencies,
  subscription: PushedSubscription,
): Promise<void> {
  await items.request(subscription, { newId: ids.next(), request: { kind: 'reset' }, more: [] });
  await wake([subscription.id]);
}
