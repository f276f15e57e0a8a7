/** Every route of the table enters through the entry point: counted, timed, paid for, refused to whoever is nobody. */
import { describe, expect, it } from 'vitest';
import { metricsRoute, noticeRoutes, ROUTES } from '../../api/index.ts';
import { budgetsSchema } from '../../core/guard/index.ts';
import { USE_CASES } from '../../core/system/index.ts';
import type { Route } from '../../api/route.ts';
import { call } from './call.ts';
import { createTestSystem } from './test-system.ts';

const EXAMPLES: Readonly<Record<string, string>> = {
  '{id}': '0190a8a0-0000-7000-8000-000000000000',
  '{tile+}': '0/000.p/1',
  '{topic}': 'transactions.new',
};
const lineOf = ({ method, path }: Route): string =>
  `${method} ${path.replaceAll(/\{[a-z]+\+?\}/g, (name) => EXAMPLES[name] ?? name)}`;
const named = ROUTES.map((route) => [route.operationId, route] as const);

describe('the way in over HTTP', () => {
  it.each(named)('S1: %s is counted and timed, whatever comes of it', async (operationId, route) => {
    const fixture = await createTestSystem();
    const { status } = await call(fixture, lineOf(route), { as: 'ann' });
    expect(fixture.passages).toMatchObject([{ useCase: operationId, policyVersion: 7, durationMs: 0 }]);
    expect(fixture.passages[0]?.outcome).toBe(status < 400 ? 'succeeded' : 'refused');
    expect(fixture.metrics.read().total).toBe(1);
  });

  it.each(named.filter(([, { auth }]) => auth === 'required'))(
    'S1: %s is refused without credentials, and counted as refused',
    async (operationId, route) => {
      const fixture = await createTestSystem();
      const { problem } = await call(fixture, lineOf(route));
      expect(problem?.code).toBe('UNAUTHENTICATED');
      expect(fixture.passages).toMatchObject([{ useCase: operationId, outcome: 'refused', code: 'UNAUTHENTICATED' }]);
      expect(fixture.calls).toEqual([]);
    },
  );

  it.each(named.filter(([id]) => !['open', 'known'].includes(USE_CASES[id].for)))(
    'S1: %s is refused without the right before its body is read',
    async (_id, route) => {
      const fixture = await createTestSystem();
      const { problem } = await call(fixture, lineOf(route), { as: 'outsider', bytes: Buffer.from('no JSON') });
      expect(problem?.code).toBe('FORBIDDEN');
      expect(fixture.calls).toEqual([]);
    },
  );

  it('S1: a route without a use case, or a use case without a route, is a mistake', () => {
    const ofShells = ['ingestEvent', 'getMetrics'];
    const routed = [...ROUTES, ...noticeRoutes, metricsRoute(async () => [])].map(({ operationId }) => operationId);
    expect([...new Set([...routed, ...ofShells])].sort()).toEqual(Object.keys(USE_CASES).sort());
  });

  it('S1: an event that was rejected counts as refused, alone and in a batch', async () => {
    const fixture = await createTestSystem();
    const good = { topic: 'transactions.new', payload: { amount: '1.00' } };
    const bad = { topic: 'transactions.new', payload: { amount: 'much' } };
    await call(fixture, 'POST /v1/events', { as: 'ann', body: bad });
    await call(fixture, 'POST /v1/events', { as: 'ann', body: { events: [good, bad] } });
    await call(fixture, 'POST /v1/events', { as: 'ann', body: { events: [good, good] } });
    expect(fixture.passages.map(({ outcome }) => outcome)).toEqual(['refused', 'refused', 'succeeded']);
  });

  it.each([
    ['proposeChangeSet', 'POST /v1/change-sets', 'propose'],
    ['reviseChangeSet', 'POST /v1/change-sets/0190a8a0-0000-7000-8000-000000000000/revisions', 'revise'],
    ['withdrawChangeSet', 'POST /v1/change-sets/0190a8a0-0000-7000-8000-000000000000/withdraw', 'revise'],
    ['decideChangeSet', 'POST /v1/change-sets/0190a8a0-0000-7000-8000-000000000000/decisions', 'decide'],
    ['delegateVote', 'POST /v1/delegations', 'delegate'],
    ['createSubscription', 'POST /v1/subscriptions', 'subscribe'],
    ['redriveDeadLetters', 'POST /v1/subscriptions/totals/redrive', 'operate'],
    ['ackMessages', 'POST /v1/subscriptions/totals/ack', 'settle'],
    ['revealFields', 'POST /v1/entities/account%3A1/reveal', 'reveal'],
    ['verifyEntity', 'GET /v1/entities/account%3A1/verify', 'heavy'],
    ['readFeed', 'GET /v1/feed', 'heavy'],
  ])('R5: %s over its budget is a 429 that says when to come back', async (_id, line, budget) => {
    const fixture = await createTestSystem({}, budgetsSchema.parse({ [budget]: { perMinute: 60, burst: 1 } }));
    const options = { as: budget === 'reveal' ? 'sec' : 'ann', ...(line.startsWith('POST') ? { body: {} } : {}) };
    expect((await call(fixture, line, options)).status).not.toBe(429);
    const { problem, headers } = await call(fixture, line, options);
    expect(problem).toMatchObject({ status: 429, code: 'BUDGET_SPENT', retryAfterSeconds: 1 });
    expect(headers['retry-after']).toBe('1');
    expect((await call(fixture, line, { ...options, as: 'aud' })).problem?.code).not.toBe('BUDGET_SPENT');
  });
});
