import { expect, it } from 'vitest';
import { parseSubscriptionInput, subscriptionMatcher, type DeliveredEvent } from '../../../core/events/index.ts';

const event = (topic: string, payload: DeliveredEvent['payload'] = {}): DeliveredEvent => ({
  ...{ eventId: 'e', topic, version: 1, timestamp: '2026-11-21T09:00:00.000Z', entityId: 'a', source: 'shop', payload },
  ledger: { entity: 'a', seq: 0, hash: '0'.repeat(64), position: 0 },
});

it.each([
  [['orders.new'], 'orders.new', true],
  [['orders.new'], 'orders.news', false],
  [['orders.*'], 'orders.new.eu', true],
  [['orders.*'], 'ordersx.new', false],
  [['*'], 'user.login', true],
  [['user.login', 'orders.*'], 'orders.new', true],
])('%j wants %s: %s', (topics, topic, wanted) =>
  expect(subscriptionMatcher('main', { topics })(event(topic))).toBe(wanted),
);

it('narrows by a pattern over the EventBridge shape', () => {
  const filter = { source: ['nervous.main.shop'], detail: { payload: { amount: [{ numeric: ['>', 10] }] } } };
  const wants = subscriptionMatcher('main', { topics: ['*'], filter });
  expect([11, 10].map((amount) => wants(event('orders.new', { amount })))).toEqual([true, false]);
  expect(subscriptionMatcher('other', { topics: ['*'], filter })(event('orders.new', { amount: 11 }))).toBe(false);
});

it('fills in the defaults', () => {
  expect(parseSubscriptionInput({ topics: ['*'] })).toEqual({
    ...{ topics: ['*'], order: 'none', startAt: 'latest', ackTimeoutMs: 30_000 },
    retry: { maxAttempts: 5, baseMs: 200, maxMs: 60_000 },
  });
});

it.each([
  [null, ''],
  [{ topics: [] }, '/topics'],
  [{ topics: ['a.*.b'] }, '/topics/0'],
  [{ topics: ['*'], id: '../x' }, '/id'],
  [{ topics: ['*'], startAt: -1 }, '/startAt'],
  [{ topics: ['*'], retry: { maxAttempts: 0 } }, '/retry/maxAttempts'],
  [{ topics: ['*'], filter: [] }, '/filter'],
  [{ topics: ['*'], filter: { detail: { x: 'not a list' } } }, '/filter/detail/x'],
  [{ topics: ['*'], unknown: 1 }, ''],
])('refuses %j at "%s"', (input, pointer) => {
  const problems = [expect.objectContaining({ pointer })] as unknown;
  expect(() => parseSubscriptionInput(input)).toThrow(
    expect.objectContaining({ code: 'SUBSCRIPTION_INVALID', problems }) as Error,
  );
});
