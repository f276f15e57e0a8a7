/** Whether it is one subscriber that gets nothing, or half of a topic's. */
import { expect, it } from 'vitest';
import type { IsoInstant } from '../../../../core/brands/index.ts';
import { SubscriptionBreakers } from '../../../../adapters/aws/subscriptions/breakers.ts';
import { topicsFailing } from '../../../../adapters/aws/subscriptions/topics-failing.ts';
import { FakeClock, MemoryStore } from '../../../../adapters/memory/index.ts';
import type { Subscription } from '../../../../core/events/index.ts';
import { subscriptionFor } from '../../../lambdas/bus-fixture.ts';
import { checked } from '../../../support/checked.ts';

const topics = ['orders.placed', 'orders.paid', 'users.new'];
const breaker = { failures: 1, probeAfterMs: 1_000 };
const subscribers = [
  subscriptionFor('a', { topics: ['orders.*'], breaker }),
  subscriptionFor('b', { topics: ['orders.*'], breaker }),
  subscriptionFor('c', { topics: ['orders.paid'], breaker }),
];

function createFixture() {
  const [items, clock] = [new MemoryStore(), new FakeClock()];
  const breakers = new SubscriptionBreakers({ ledger: 'main', items, clock });
  const failing = (subscriptions: readonly Subscription[] = subscribers): Promise<readonly string[]> =>
    topicsFailing({ ledger: 'main', items, topics }, subscriptions);
  const [a, b, c] = subscribers as [Subscription, Subscription, Subscription];
  return { breakers, clock, failing, a, b, c };
}

it('W13: names topics of which half of the subscribers or more get nothing, and no others', async () => {
  const { breakers, failing, a, b } = createFixture();
  expect(await failing()).toEqual([]);
  await breakers.failed(a, 1, 'down');
  expect(await failing()).toEqual(['orders.placed']);
  await breakers.failed(b, 1, 'down');
  expect(await failing()).toEqual(['orders.placed', 'orders.paid']);
});

it('W13: counts one that is being probed as open, and forgets it when it works again', async () => {
  const { breakers, clock, failing, a } = createFixture();
  await breakers.failed(a, 1, 'down');
  await clock.advance(60_000);
  expect(await breakers.ask(a)).toMatchObject({ kind: 'probe' });
  expect(await failing()).toEqual(['orders.placed']);
  await breakers.succeeded(a);
  expect(await failing()).toEqual([]);
});

it('W13: does not count what failed before a subscription was resumed, is paused, or was removed', async () => {
  const { breakers, failing, a, b, c } = createFixture();
  await breakers.failed(a, 1, 'down');
  expect(await failing([{ ...a, resumedAt: checked<IsoInstant>('2027-01-01T00:00:00.000Z') }, b, c])).toEqual([]);
  expect(await failing([{ ...a, status: 'paused' }, b, c])).toEqual([]);
  expect(await failing([b, c])).toEqual([]);
});
