import { beforeEach, describe, expect, it } from 'vitest';
import type { MapReport } from '../../core/system/index.ts';
import { call, refusalOf } from './call.ts';
import { createTestSystem, type TestSystem } from './test-system.ts';

let fixture: TestSystem;
beforeEach(async () => {
  fixture = await createTestSystem();
});

describe('the map', () => {
  it('is for who may read everything', async () => {
    expect((await call(fixture, 'GET /v1/map', { as: 'aud' })).status).toBe(200);
    expect(refusalOf(await call(fixture, 'GET /v1/map', { as: 'outsider' }))).toBe('403 FORBIDDEN');
    expect(refusalOf(await call(fixture, 'GET /v1/map'))).toBe('401 UNAUTHENTICATED');
  });

  it('has what was published and subscribed', async () => {
    const payload = { amount: '1.00' };
    await call(fixture, 'POST /v1/events', { as: 'ledgerist', body: { topic: 'transactions.new', payload } });
    await call(fixture, 'POST /v1/subscriptions', { as: 'ledgerist', body: { id: 's', topics: ['transactions.*'] } });
    const { json } = await call<MapReport>(fixture, 'GET /v1/map', { as: 'aud' });
    const edge = { party: 'ledgerist', topic: 'transactions.new', declared: true };
    expect(json.publishes).toContainEqual({ ...edge, events: 1 });
    expect(json.subscribes).toContainEqual({ ...edge, subscriptions: ['s'] });
    expect(json.loops[0]).toMatchObject({ level: 'running', path: ['ledgerist', 'transactions.new'] });
    const unseen = await call<MapReport>(fixture, 'GET /v1/map?observe=0', { as: 'aud' });
    expect(unseen.json.observed).toEqual({ from: json.observed.to, to: json.observed.to });
    expect(unseen.json.publishes).toContainEqual({ ...edge, events: 0 });
    expect(unseen.json.hash).not.toBe(json.hash);
  });

  it.each(['observe=-1', 'observe=10001', 'observe=1e3', 'format=dot'])('refuses ?%s', async (query) => {
    expect(refusalOf(await call(fixture, `GET /v1/map?${query}`, { as: 'aud' }))).toBe('400 REQUEST_INVALID');
  });
});

describe('the AsyncAPI document', () => {
  it('is served to who has a token', async () => {
    const { json } = await call(fixture, 'GET /v1/asyncapi.json', { as: 'outsider' });
    expect(json).toMatchObject({ asyncapi: '3.1.0', channels: { 'transactions.new': {} } });
    expect(refusalOf(await call(fixture, 'GET /v1/asyncapi.json'))).toBe('401 UNAUTHENTICATED');
  });
});
