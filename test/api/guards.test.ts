import { expect, it } from 'vitest';
import type { BatchResult, GuardList } from '../../api/index.ts';
import type { GuardState } from '../../core/events/index.ts';
import { call, refusalOf } from './call.ts';
import { createTestSystem } from './test-system.ts';

const event = (more: object = {}): object => ({ topic: 'transactions.new', payload: { amount: '1.00' }, ...more });
const batch = (count: number): object => ({ events: Array.from({ length: count }, () => event()) });
const looping = { metadata: { hops: 17, correlationId: 'round-and-round' } };

it('tells a publisher who is too fast when to come back, in the header and in each result', async () => {
  const fixture = await createTestSystem();
  await call(fixture, 'POST /v1/events', { as: 'ann', body: batch(99) });
  const last = await call<BatchResult>(fixture, 'POST /v1/events', { as: 'ann', body: batch(2) });
  expect(last.json.results).toMatchObject([
    { status: 'accepted' },
    { status: 'rejected', problem: { status: 429, code: 'RATE_LIMITED', retryAfterSeconds: 1 } },
  ]);
  const refused = await call(fixture, 'POST /v1/events', { as: 'ann', body: event() });
  expect(refusalOf(refused)).toBe('429 RATE_LIMITED');
  expect(refused.headers['retry-after']).toBe('1');
  expect(refused.problem).toMatchObject({ retryAfterSeconds: 1 });
});

it('R10: takes only names that a topic may have, as the document says', async () => {
  const fixture = await createTestSystem();
  const reset = (topic: string) => call(fixture, `POST /v1/guards/${topic}/reset`, { as: 'aud', body: {} });
  expect(refusalOf(await reset('Transactions.new'))).toBe('400 REQUEST_INVALID');
  expect(refusalOf(await reset('a.b'))).toBe('422 TOPIC_UNKNOWN');
});

it('shows what is stopped, and lets an auditor open it', async () => {
  const fixture = await createTestSystem();
  const looped = await call(fixture, 'POST /v1/events', { as: 'ledgerist', body: event(looping) });
  expect(refusalOf(looped)).toBe('409 LOOP_DETECTED');
  expect(looped.problem?.detail).toContain('17 hops');
  const { json } = await call<GuardList>(fixture, 'GET /v1/guards', { as: 'ledgerist' });
  expect(json.guards.find(({ topic }) => topic === 'transactions.new')).toMatchObject({
    state: 'stopped',
    stops: [{ cause: 'loop', correlationId: 'round-and-round', source: 'ledgerist' }],
  });
  const path = 'POST /v1/guards/transactions.new/reset';
  expect(refusalOf(await call(fixture, path, { as: 'ledgerist' }))).toBe('403 FORBIDDEN');
  const reset = await call<GuardState>(fixture, path, { as: 'aud', body: { reason: 'echo was changed' } });
  expect(reset.json).toMatchObject({ topic: 'transactions.new', state: 'open', stops: [] });
  expect(await call(fixture, path, { as: 'aud' })).toMatchObject({ status: 200 });
  expect(refusalOf(await call(fixture, 'POST /v1/guards/transactions.nwe/reset', { as: 'aud' }))).toBe(
    '422 TOPIC_UNKNOWN',
  );
});

it.each([[{ reason: '' }], [{ reason: 'x'.repeat(501) }], [{ reason: 1 }], [{ why: 'x' }], [[]]])(
  'refuses %j as a reset',
  async (body) => {
    const fixture = await createTestSystem();
    const answer = await call(fixture, 'POST /v1/guards/transactions.new/reset', { as: 'aud', body });
    expect(refusalOf(answer)).toBe('400 REQUEST_INVALID');
  },
);
