import { beforeEach, describe, expect, it } from 'vitest';
import type { BatchResult, FeedPage, PublishedEvent } from '../../api/index.ts';
import { call } from './call.ts';
import { createTestSystem, type TestSystem } from './test-system.ts';

const event = (fields: object = {}): object => ({
  eventId: 'e-1',
  topic: 'transactions.new',
  entityId: 'account:1',
  payload: { amount: '10.00' },
  ...fields,
});

let fixture: TestSystem;
beforeEach(async () => {
  fixture = await createTestSystem();
});

describe('publishing one event', () => {
  it('answers 201 with its place, and where to find it', async () => {
    const { status, json, headers } = await call(fixture, 'POST /v1/events', { as: 'ledgerist', body: event() });
    expect(status).toBe(201);
    expect(json).toMatchObject({ status: 'accepted', eventId: 'e-1', entity: 'account:1', seq: 0 });
    expect(headers['location']).toBe('/v1/events/e-1?source=ledgerist');
  });

  it('answers 200 with the recorded place when it comes again', async () => {
    const first = await call<PublishedEvent>(fixture, 'POST /v1/events', { as: 'ledgerist', body: event() });
    const again = await call(fixture, 'POST /v1/events', { as: 'ledgerist', body: event() });
    expect(again.status).toBe(200);
    expect(again.json).toEqual({ ...first.json, status: 'duplicate' });
  });

  it.each([
    ['other content under the same id', event({ payload: { amount: '11.00' } }), 409, 'EVENT_ID_CONFLICT'],
    ['a topic nobody declared', event({ topic: 'transactions.nwe' }), 422, 'TOPIC_UNKNOWN'],
    ['a version nobody declared', event({ version: 7 }), 422, 'VERSION_UNKNOWN'],
    ['a payload the topic does not take', event({ payload: { amount: 10 } }), 422, 'PAYLOAD_INVALID'],
    ['a topic without the right', event({ topic: 'budget.updated', payload: {} }), 403, 'FORBIDDEN'],
    ['a chain of the system', event({ entityId: 'keys/x' }), 403, 'FORBIDDEN'],
    ['an unknown field', event({ colour: 'red' }), 400, 'EVENT_INVALID'],
    ['an array', [event()], 400, 'EVENT_INVALID'],
    ['a string', 'event', 400, 'EVENT_INVALID'],
  ])('refuses %s', async (_what, body, status, code) => {
    await call(fixture, 'POST /v1/events', { as: 'ledgerist', body: event() });
    const before = await fixture.store.size();
    const { problem } = await call(fixture, 'POST /v1/events', { as: 'ledgerist', body });
    expect(problem).toMatchObject({
      status,
      code,
      type: `https://nervous-system.dev/problems/${code.toLowerCase().replaceAll('_', '-')}`,
      instance: '/v1/events',
    });
    expect(await fixture.store.size()).toBe(before);
  });

  it('points at every fault', async () => {
    const body = { topic: 'X', payload: [], entityId: '' };
    const { problem } = await call(fixture, 'POST /v1/events', { as: 'ledgerist', body });
    expect(problem?.errors.map(({ pointer }) => pointer).sort()).toEqual(['/entityId', '/payload', '/topic']);
  });

  it('refuses an event that no entry can hold, whatever the limit of the body', async () => {
    const payload = { amount: '10.00', ['x'.repeat(10)]: 'y'.repeat(70_000) };
    const { problem } = await call(fixture, 'POST /v1/events', { as: 'ledgerist', body: event({ payload }) });
    expect(problem?.code).toBe('PAYLOAD_INVALID');
    const metadata = { note: 'y'.repeat(70_000) };
    const large = await call(fixture, 'POST /v1/events', { as: 'ledgerist', body: event({ metadata }) });
    expect(large.problem).toMatchObject({ status: 413, code: 'ENTRY_TOO_LARGE' });
  });
});

describe('Idempotency-Key', () => {
  const headers = { 'idempotency-key': 'key-7' };

  it('becomes the id of an event that has none, so that sending it again records nothing', async () => {
    const { eventId: _eventId, ...body } = event() as { eventId: string };
    const first = await call<PublishedEvent>(fixture, 'POST /v1/events', { as: 'ledgerist', body, headers });
    const again = await call(fixture, 'POST /v1/events', { as: 'ledgerist', body, headers });
    expect(first.json).toMatchObject({ status: 'accepted', eventId: 'key-7' });
    expect(again.json).toMatchObject({ status: 'duplicate', eventId: 'key-7', hash: first.json.hash });
  });

  it('does not replace the id of an event that has one', async () => {
    const { json } = await call(fixture, 'POST /v1/events', { as: 'ledgerist', body: event(), headers });
    expect(json).toMatchObject({ eventId: 'e-1' });
  });

  it.each(['', ' ', 'a b', 'ä', 'x'.repeat(129), '-x', 'a,b'])('is refused when it is %j', async (key) => {
    const options = { as: 'ledgerist', body: event(), headers: { 'idempotency-key': key } };
    const { problem } = await call(fixture, 'POST /v1/events', options);
    expect(problem).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect(problem?.errors).toMatchObject([{ pointer: '/idempotency-key', in: 'header' }]);
    expect(fixture.calls).toEqual([]);
  });
});

describe('publishing a batch', () => {
  it('answers for each event, and one bad event does not sink the others', async () => {
    const events = [event(), event({ eventId: 'e-2', topic: 'no.such' }), event({ eventId: 'e-3' })];
    const { status, json } = await call<BatchResult>(fixture, 'POST /v1/events', { as: 'ledgerist', body: { events } });
    expect(status).toBe(200);
    expect(json.results).toMatchObject([
      { status: 'accepted', seq: 0 },
      { status: 'rejected', problem: { code: 'TOPIC_UNKNOWN', status: 422 } },
      { status: 'accepted', seq: 1 },
    ]);
  });

  it('records all or nothing when it is atomic', async () => {
    const events = [event(), event({ eventId: 'e-2', payload: {} })];
    const { json } = await call<BatchResult>(fixture, 'POST /v1/events', {
      as: 'ledgerist',
      body: { events, atomic: true },
    });
    expect(json.results).toMatchObject([
      { status: 'rejected', problem: { code: 'ATOMIC_REJECTED' } },
      { status: 'rejected', problem: { code: 'PAYLOAD_INVALID', errors: [{ pointer: '/payload/amount' }] } },
    ]);
    expect(await fixture.store.size()).toBe(0);
  });

  it.each([
    ['no events', { events: [] }, '/events'],
    ['101 events', { events: Array.from({ length: 101 }, () => event()) }, '/events'],
    ['events that are no list', { events: event() }, '/events'],
    ['an unknown option', { events: [event()], atomically: true }, ''],
    ['an option of another type', { events: [event()], atomic: 'yes' }, '/atomic'],
  ])('refuses %s', async (_what, body, pointer) => {
    const { problem } = await call(fixture, 'POST /v1/events', { as: 'ledgerist', body });
    expect(problem).toMatchObject({ status: 400, code: 'EVENT_INVALID', errors: [{ pointer }] });
    expect(fixture.calls).toEqual([]);
  });
});

describe('the trace of an event', () => {
  it('is found under an id that needs encoding', async () => {
    await call(fixture, 'POST /v1/events', { as: 'ledgerist', body: event({ eventId: 'a/b:c' }) });
    const { json } = await call(fixture, 'GET /v1/events/a%2Fb%3Ac?source=ledgerist', { as: 'aud' });
    expect(json).toMatchObject({ event: { eventId: 'a/b:c', payload: { amount: '10.00' } } });
    expect(fixture.calls.at(-1)).toEqual({ name: 'trace', args: ['a/b:c', 'ledgerist'] });
  });

  it('is 404 when there is none, 409 when several sources have the id', async () => {
    const none = await call(fixture, 'GET /v1/events/nothing', { as: 'aud' });
    expect(none.problem).toMatchObject({ status: 404, code: 'EVENT_NOT_FOUND' });
    await call(fixture, 'POST /v1/events', { as: 'ledgerist', body: event() });
    await call(fixture, 'POST /v1/events', { as: 'ann', body: event() });
    const both = await call(fixture, 'GET /v1/events/e-1', { as: 'aud' });
    expect(both.problem).toMatchObject({ status: 409, code: 'EVENT_AMBIGUOUS' });
  });
});

describe('the feed', () => {
  it('pages through the events with its cursor', async () => {
    for (const eventId of ['e-1', 'e-2', 'e-3'])
      await call(fixture, 'POST /v1/events', { as: 'ledgerist', body: event({ eventId }) });
    const first = await call<FeedPage>(fixture, 'GET /v1/feed?limit=2', { as: 'aud' });
    const second = await call<FeedPage>(fixture, `GET /v1/feed?limit=2&after=${first.json.cursor}`, { as: 'aud' });
    const ids = [first, second].flatMap(({ json }) => json.events.map(({ eventId }) => eventId));
    expect(ids).toEqual(['e-1', 'e-2', 'e-3']);
  });

  it('passes on what was asked', async () => {
    const signal = AbortSignal.abort();
    const target = '/v1/feed?after=9&topics=transactions.*,budget.updated&entity=account%3A1&limit=7&wait=20';
    await call(fixture, `GET ${target}`, { as: 'aud', signal });
    expect(fixture.calls.at(-1)).toEqual({
      name: 'feed.read',
      args: [
        {
          ...{ after: '9', topics: ['transactions.*', 'budget.updated'], entityId: 'account:1' },
          ...{ limit: 7, waitMs: 20_000, signal },
        },
      ],
    });
  });

  it('refuses a foreign cursor', async () => {
    const { problem } = await call(fixture, 'GET /v1/feed?after=mine', { as: 'aud' });
    expect(problem).toMatchObject({ status: 400, code: 'CURSOR_INVALID' });
  });

  it.each([
    'limit=0',
    'limit=501',
    'limit=1e2',
    'limit=-1',
    'limit=',
    'limit=1.0',
    'limit=9007199254740993',
    'wait=21',
    'topics=',
    'topics=a%00b',
    'entity=%20',
    'after=',
    `after=${'x'.repeat(201)}`,
  ])('refuses %s', async (query) => {
    const { problem } = await call(fixture, `GET /v1/feed?${query}`, { as: 'aud' });
    expect(problem).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect(problem?.errors[0]).toMatchObject({ in: 'query', pointer: `/${query.split('=')[0] ?? ''}` });
  });
});

describe('a store that fails', () => {
  const fail = (): never => {
    throw new Error('disk /dev/sda1 is on fire');
  };

  it('is 503 with Retry-After, reported to us and kept from the caller', async () => {
    const reported: unknown[] = [];
    const failing = await createTestSystem({ before: fail });
    const onError = (error: unknown): void => void reported.push(error);
    const { problem, headers } = await call(failing, 'POST /v1/events', { as: 'ledgerist', body: event(), onError });
    expect(problem).toMatchObject({ status: 503, code: 'STORE_UNAVAILABLE', errors: [] });
    expect(headers['retry-after']).toBe('1');
    expect(reported).toMatchObject([{ code: 'STORE_UNAVAILABLE' }]);
    expect(JSON.stringify(problem)).not.toContain('sda1');
  });

  it('is no failure to the caller when the event was recorded all the same', async () => {
    let isBroken = false;
    const failing = await createTestSystem({ after: () => (isBroken ? fail() : undefined) });
    await call(failing, 'POST /v1/events', { as: 'ledgerist', body: event() });
    isBroken = true;
    const { status, json } = await call(failing, 'POST /v1/events', {
      as: 'ledgerist',
      body: event({ eventId: 'e-2' }),
    });
    expect(status).toBe(201);
    expect(json).toMatchObject({ status: 'accepted', seq: 1 });
  });
});
