/** What a merge patch makes of a subscription's settings, and what it cannot change. */
import { expect, it } from 'vitest';
import type { IsoInstant } from '../../../../core/brands/index.ts';
import { changedBy } from '../../../../core/events/subscriptions/change-settings.ts';
import { subscriptionTag } from '../../../../core/events/index.ts';
import { checked } from '../../../support/checked.ts';
import { subscriptionFor } from '../../../lambdas/bus-fixture.ts';

const at = checked<IsoInstant>('2026-11-22T10:00:00.000Z');
const now = { at, position: 40 };
const plain = subscriptionFor('s', { topics: ['orders.*'], filter: { source: ['shop'] } });
const hook = {
  ...subscriptionFor('s', { topics: ['orders.*'], target: { kind: 'webhook', url: 'https://a.example/' } }),
  verifiedAt: at,
};

it('replaces what is named, keeps the rest, and says when and from where', () => {
  const changed = changedBy(plain, { delayMs: 5, retry: { maxAttempts: 9 } }, now);
  expect(changed).toEqual({ ...plain, delayMs: 5, retry: { ...plain.retry, maxAttempts: 9 }, changedAt: at });
});

it('merges objects, and takes null for the default', () => {
  const merged = changedBy(plain, { filter: { 'detail-type': ['orders.paid'] } }, now);
  expect(merged.filter).toEqual({ source: ['shop'], 'detail-type': ['orders.paid'] });
  expect(changedBy(plain, { filter: null, ackTimeoutMs: null }, now)).toMatchObject({ ackTimeoutMs: 30_000 });
  expect(changedBy(plain, { filter: null }, now)).not.toHaveProperty('filter');
});

it('remembers where the log ended when it changes for which events it is, and only then', () => {
  for (const patch of [{ topics: ['orders.paid'] }, { filter: null }, { mode: 'targeted' }])
    expect(changedBy(plain, patch, now).changedFrom).toBe(40);
  for (const patch of [{ order: 'entity' }, { breaker: { failures: 9 } }])
    expect(changedBy(plain, patch, now)).not.toHaveProperty('changedFrom');
});

it('of what changes nothing makes the same subscription', () => {
  for (const patch of [{}, { order: 'none' }, { retry: {} }, { buffer: null }])
    expect(changedBy(plain, patch, now)).toBe(plain);
});

it.each([
  [{ id: 'other' }, '/id'],
  [{ module: 'other' }, '/module'],
  [{ startAt: 'earliest' }, '/startAt'],
  [{ from: 0 }, '/from'],
  [{ status: 'paused' }, '/status'],
  [{ target: { kind: 'stream' } }, '/target/kind'],
])('refuses %j, and says what to do instead', (patch, pointer) => {
  expect(() => changedBy(plain, patch, now)).toThrow(
    expect.objectContaining({
      code: 'SUBSCRIPTION_INVALID',
      problems: [{ pointer, detail: expect.stringContaining('make another subscription') as string }],
    }),
  );
});

it.each([
  [{ topics: null }, '/topics'],
  [{ when: {} }, '/when'],
  [{ retry: { maxAttempts: 0 } }, '/retry/maxAttempts'],
  [[], ''],
  [null, ''],
])('refuses what would be no subscription: %j', (patch, pointer) => {
  expect(() => changedBy(plain, patch, now)).toThrow(
    expect.objectContaining({ problems: [expect.objectContaining({ pointer })] }),
  );
});

it('asks a receiver anew when the URL or the format is another, not for anything else', () => {
  expect(changedBy(hook, { target: { payload: 'thin', concurrency: 1 } }, now).verifiedAt).toBe(at);
  expect(changedBy(hook, { target: { url: 'https://b.example/' } }, now)).not.toHaveProperty('verifiedAt');
  expect(changedBy(hook, { target: { format: 'cloudevents' } }, now)).not.toHaveProperty('verifiedAt');
});

it('tells each state of it apart, also from one of the same id that was removed', () => {
  const later = { ...plain, createdAt: at };
  const tags = [plain, { ...plain, version: 2 }, later].map(subscriptionTag);
  expect(new Set(tags).size).toBe(3);
  for (const tag of tags) expect(tag).toMatch(/^"[a-z0-9-]+"$/);
});
