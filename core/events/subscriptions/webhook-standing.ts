/** Whether a webhook is sent to: its receiver proved that it wants it, or did what ends that. For who does nothing else with subscriptions. */
import { isoOf } from '../../brands/index.ts';
import { must } from '../../errors/index.ts';
import type { Clock } from '../../ledger/index.ts';
import type { Principal } from '../../policy/index.ts';
import type { SubscriptionBus } from './ports.ts';
import { changing, keyOf, load, type SubscriptionQueriesDependencies } from './stored-subscriptions.ts';
import type { Subscription } from './subscription.ts';

export interface WebhookStanding {
  /** A webhook whose receiver proved that it wants it: from now on it is sent to. @throws EventError SUBSCRIPTION_NOT_FOUND */
  verified(principal: Principal, id: string): Promise<Subscription>;
  /** Pauses a webhook for what its receiver did; `resume` enables it. The engine says so, not a principal. */
  disable(id: string, reason: string): Promise<void>;
}

export interface WebhookStandingDependencies extends SubscriptionQueriesDependencies {
  readonly bus: Pick<SubscriptionBus, 'attach' | 'pause'>;
  readonly clock: Pick<Clock, 'now'>;
}

export function createWebhookStanding(deps: WebhookStandingDependencies): WebhookStanding {
  const { items, policy, bus, clock } = deps;
  const change = changing({ items, policy, bus });
  return {
    verified: async (principal, id) =>
      must(
        await change(
          () => load(deps, principal, id),
          (subscription) => ({ ...subscription, verifiedAt: isoOf(clock.now()) }),
        ),
        'the webhook that was loaded',
      ),
    disable: async (id, reason) => {
      await change(
        () => items.get(keyOf(deps, id)), // gone meanwhile: then there is nothing to disable
        (subscription) => ({ ...subscription, status: 'paused', disabled: reason }),
      );
    },
  };
}
