import { beforeEach, describe, expect, it } from 'vitest';
import { ROUTES, type Capabilities, type CatalogView } from '../../api/index.ts';
import type { MonitorReport } from '../../core/system/index.ts';
import { call } from './call.ts';
import { createTestSystem, type TestSystem } from './test-system.ts';

let fixture: TestSystem;
beforeEach(async () => {
  fixture = await createTestSystem();
});

describe('service endpoints', () => {
  it('tell a stranger that the process is up, and nothing else', async () => {
    expect(await call(fixture, 'GET /health')).toMatchObject({ status: 200, json: { status: 'ok' } });
    const open = ROUTES.filter(({ auth }) => auth === 'none').map(({ path }) => path);
    expect(open.sort()).toEqual(['/health', '/v1/openapi.json']);
  });

  it('tell what is offered', async () => {
    const { json } = await call<Capabilities>(fixture, 'GET /capabilities', { as: 'outsider' });
    expect(json).toMatchObject({
      ledger: 'main',
      topics: ['transactions.new', 'budget.updated'],
      limits: { bodyBytes: 1_048_576, eventsPerRequest: 100 },
    });
    expect(json.operations).toEqual(ROUTES.map(({ operationId }) => operationId));
  });

  it.each([
    ['ledgerist', ['of-ledgerist']],
    ['ann', []],
    ['aud', ['of-ledgerist', 'of-outsider']],
  ])('show %s the subscriptions %j in the state', async (as, subscriptions) => {
    const { json } = await call<MonitorReport>(fixture, 'GET /state', { as });
    const shown = json.subscriptions.map(({ subscription }) => subscription);
    expect(shown).toEqual(subscriptions);
  });

  it('answer 503 with the report when something they rest on does not work', async () => {
    expect(await call(fixture, 'GET /dependencies', { as: 'ann' })).toMatchObject({ status: 200, json: { ok: true } });
    const performanceCheck = { ok: true, detail: 'fast' };
    const report = { ok: false, performanceCheck, checks: [{ name: 'clock', ok: false, detail: 'runs backwards' }] };
    const broken = { ...fixture, system: { ...fixture.system, validate: async () => report } };
    expect(await call(broken, 'GET /dependencies', { as: 'ann' })).toMatchObject({ status: 503, json: report });
  });

  it('show the catalog with payload schemas', async () => {
    const { json } = await call<CatalogView>(fixture, 'GET /v1/catalog', { as: 'outsider' });
    expect(json.topics[0]).toMatchObject({
      topic: 'transactions.new',
      version: 1,
      latest: true,
      schema: { type: 'object', required: ['amount'] },
    });
  });
});

describe('an error nobody foresaw', () => {
  it('is 500 without a word about what it was, and is reported', async () => {
    const fault = new TypeError('secret internals of /home/nervous');
    const broken = { ...fixture, system: { ...fixture.system, monitor: () => Promise.reject(fault) } };
    const reported: unknown[] = [];
    const onError = (error: unknown): void => void reported.push(error);
    const { problem } = await call(broken, 'GET /state', { as: 'ann', onError });
    expect(problem).toEqual({
      type: 'https://nervous-system.dev/problems/internal',
      title: 'Something went wrong on our side',
      status: 500,
      detail: 'Something went wrong on our side',
      code: 'INTERNAL',
      instance: '/state',
      errors: [],
    });
    expect(reported).toEqual([fault]);
  });
});
