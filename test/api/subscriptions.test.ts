import { beforeEach, describe, expect, it } from 'vitest';
import type { DeadLetterPage, FeedPage } from '../../api/index.ts';
import { call, refusalOf } from './call.ts';
import { createTestSystem, type TestSystem } from './test-system.ts';

const input = { id: 'totals', topics: ['transactions.*'] };
const PATH = '/v1/subscriptions/totals';

let fixture: TestSystem;
beforeEach(async () => {
  fixture = await createTestSystem();
});

const create = (as = 'ledgerist', body: object = input): ReturnType<typeof call> =>
  call(fixture, 'POST /v1/subscriptions', { as, body });

/** Two events that wait to be received. */
async function fillQueue(): Promise<void> {
  const events = ['1.00', '2.00'].map((amount) => ({ topic: 'transactions.new', payload: { amount } }));
  await call(fixture, 'POST /v1/events', { as: 'ledgerist', body: { events } });
  const { json } = await call<FeedPage>(fixture, 'GET /v1/feed', { as: 'aud' });
  json.events.forEach((event, i) => fixture.queue.push({ receipt: `r-${i}`, attempt: 1, event }));
}

describe('subscriptions', () => {
  it('are created once per id and settings', async () => {
    const first = await create();
    expect(first).toMatchObject({ status: 201, headers: { location: PATH } });
    expect(first.json).toMatchObject({ id: 'totals', module: 'ledgerist', status: 'active', order: 'none' });
    expect((await create()).json).toEqual(first.json);
    const other = await create('ledgerist', { ...input, order: 'entity' });
    expect(other.problem).toMatchObject({ status: 409, code: 'SUBSCRIPTION_EXISTS' });
  });

  it('may have a filter, and are shown with it', async () => {
    const filter = { detail: { payload: { amount: [{ prefix: '1' }] } } };
    await create('ledgerist', { ...input, filter });
    expect((await call(fixture, `GET ${PATH}`, { as: 'ledgerist' })).json).toMatchObject({ filter });
  });

  it.each([
    { mode: 'targeted', delayMs: 1_000, breaker: { failures: 1, probeAfterMs: 100 } },
    { mode: 'conditional', when: { changeSets: [{ exists: false }] } },
    { mode: 'buffered', buffer: { maxSize: 5, maxDelayMs: 10, startDelayMs: 0 }, startAt: '2026-11-21T08:00:00Z' },
    { target: { kind: 'function', name: 'total', concurrency: 2 } },
    { target: { kind: 'stream' } },
  ])('may say %j, and are shown so', async (settings) => {
    const made = await create('ledgerist', { ...input, ...settings });
    expect(made).toMatchObject({ status: 201, json: settings });
    const { json } = await call(fixture, 'GET /v1/subscriptions', { as: 'ledgerist' });
    expect(json).toEqual({ subscriptions: [made.json] });
  });

  it('that deliver to a function or a stream are not received from', async () => {
    await create('ledgerist', { ...input, target: { kind: 'stream' } });
    const { problem } = await call(fixture, `GET ${PATH}/messages`, { as: 'ledgerist' });
    expect(problem).toMatchObject({ status: 400, code: 'SUBSCRIPTION_INVALID' });
  });

  it('are changed by a merge patch, on condition that they are what was read', async () => {
    await create();
    const { etag = '' } = (await call(fixture, `GET ${PATH}`, { as: 'ledgerist' })).headers;
    const change = (tag: string, body: object = { order: 'entity' }, more = {}): ReturnType<typeof call> =>
      call(fixture, `PATCH ${PATH}`, { as: 'ledgerist', body, headers: { 'if-match': tag, ...more } });
    const changed = await change(etag);
    expect(changed).toMatchObject({ status: 200, json: { id: 'totals', order: 'entity', version: 2 } });
    expect((await call(fixture, `GET ${PATH}`, { as: 'ledgerist' })).headers['etag']).toBe(changed.headers['etag']);
    expect(refusalOf(await change(etag))).toBe('412 SUBSCRIPTION_CHANGED');
    expect(refusalOf(await change(`W/${changed.headers['etag'] ?? ''}`))).toBe('412 SUBSCRIPTION_CHANGED');
    const merging = { 'content-type': 'application/merge-patch+json' };
    expect(await change(`"other", ${changed.headers['etag'] ?? ''}`, { order: null }, merging)).toMatchObject({
      status: 200,
      json: { order: 'none', version: 3 },
    });
    expect(await change('*', { delayMs: 5 })).toMatchObject({ status: 200, json: { delayMs: 5, version: 4 } });
    expect(await change('*', { delayMs: 5 })).toMatchObject({ status: 200, json: { version: 4 } });
  });

  it('are not changed without saying which state is meant, beyond what they are, or by others', async () => {
    await create();
    const change = (as: string, body: object, headers: Record<string, string> = { 'if-match': '*' }) =>
      call(fixture, `PATCH ${PATH}`, { as, body, headers });
    expect(refusalOf(await change('ledgerist', { order: 'entity' }, {}))).toBe('428 PRECONDITION_REQUIRED');
    expect((await change('ledgerist', { startAt: 'earliest' })).problem).toMatchObject({
      status: 400,
      code: 'SUBSCRIPTION_INVALID',
      errors: [{ pointer: '/startAt' }],
    });
    expect(refusalOf(await change('ledgerist', { topics: ['no.such'] }))).toMatch(/FORBIDDEN|TOPIC_UNKNOWN/);
    expect(refusalOf(await change('aud', { order: 'entity' }))).toBe('404 SUBSCRIPTION_NOT_FOUND');
  });

  it('have a breaker that is closed by hand', async () => {
    await create();
    const { json, status } = await call(fixture, `POST ${PATH}/reset`, { as: 'ledgerist', body: {} });
    expect({ status, json }).toMatchObject({ status: 200, json: { id: 'totals' } });
  });

  it.each([
    ['no right', 'outsider', input, '403 FORBIDDEN'],
    ['an unknown topic', 'ledgerist', { topics: ['transactions.nwe'] }, '422 TOPIC_UNKNOWN'],
    ['no topic', 'ledgerist', { topics: [] }, '400 SUBSCRIPTION_INVALID'],
    ['a wrong pattern', 'ledgerist', { ...input, filter: { source: 'x' } }, '400 SUBSCRIPTION_INVALID'],
    ['an id that is a path', 'ledgerist', { ...input, id: '../x' }, '400 SUBSCRIPTION_INVALID'],
    [
      'a condition without its mode',
      'ledgerist',
      { ...input, when: { changeSets: ['x'] } },
      '400 SUBSCRIPTION_INVALID',
    ],
    ['a start in the future', 'ledgerist', { ...input, startAt: '2999-01-01T00:00:00Z' }, '400 SUBSCRIPTION_INVALID'],
    [
      'a function named like a prototype',
      'ledgerist',
      { ...input, target: { kind: '__proto__' } },
      '400 SUBSCRIPTION_INVALID',
    ],
  ])('are refused with %s', async (_what, as, body, refusal) => {
    expect(refusalOf(await create(as, body))).toBe(refusal);
    const { json } = await call(fixture, 'GET /v1/subscriptions', { as: 'aud' });
    expect(json).toEqual({ subscriptions: [] });
  });

  it('are paused, resumed and removed', async () => {
    await create();
    const paused = await call(fixture, `POST ${PATH}/pause`, { as: 'ledgerist' });
    expect(paused.json).toMatchObject({ status: 'paused' });
    const resumed = await call(fixture, `POST ${PATH}/resume`, { as: 'ledgerist', body: {} });
    expect(resumed.json).toMatchObject({ status: 'active' });
    const removed = await call(fixture, `DELETE ${PATH}`, { as: 'ledgerist' });
    expect(removed).toMatchObject({ status: 204, json: undefined });
    const gone = await call(fixture, `GET ${PATH}`, { as: 'ledgerist' });
    expect(gone.problem).toMatchObject({ status: 404, code: 'SUBSCRIPTION_NOT_FOUND' });
  });

  it.each([
    `GET ${PATH}`,
    `DELETE ${PATH}`,
    `POST ${PATH}/pause`,
    `POST ${PATH}/resume`,
    `GET ${PATH}/messages`,
    `POST ${PATH}/ack`,
    `POST ${PATH}/nack`,
    `POST ${PATH}/extend`,
    `GET ${PATH}/dead-letters`,
    `POST ${PATH}/redrive`,
    `POST ${PATH}/reset`,
  ])('of others do not exist for you: %s', async (line) => {
    await create();
    const body = /\/(?:ack|extend)$/.test(line)
      ? { receipts: ['r-0'] }
      : line.endsWith('/nack')
        ? { receipts: ['r-0'], reason: 'no' }
        : undefined;
    const { problem } = await call(fixture, line, { as: 'ann', body });
    expect(problem).toMatchObject({ status: 404, code: 'SUBSCRIPTION_NOT_FOUND' });
  });
});

describe('messages', () => {
  beforeEach(async () => {
    await create();
    await fillQueue();
  });

  it('are received, at most as many as asked for', async () => {
    const { json } = await call(fixture, `GET ${PATH}/messages?max=1`, { as: 'ledgerist' });
    expect(json).toMatchObject({ messages: [{ receipt: 'r-0', attempt: 1, event: { payload: { amount: '1.00' } } }] });
  });

  it('are waited for, until nobody waits', async () => {
    fixture.queue.length = 0;
    const signal = AbortSignal.abort();
    const { json } = await call(fixture, `GET ${PATH}/messages?max=100&wait=20`, { as: 'ledgerist', signal });
    expect(json).toEqual({ messages: [] });
    const options = { max: 100, waitMs: 20_000, signal };
    expect(fixture.calls).toContainEqual({ name: 'subscriptions.receive', args: ['totals', options] });
  });

  it('are not leased by HEAD', async () => {
    const { problem } = await call(fixture, `HEAD ${PATH}/messages`, { as: 'ledgerist' });
    expect(problem?.code).toBe('METHOD_NOT_ALLOWED');
    expect(fixture.calls.map(({ name }) => name)).not.toContain('subscriptions.receive');
  });

  it('are acknowledged and refused by receipt', async () => {
    const acked = await call(fixture, `POST ${PATH}/ack`, { as: 'ledgerist', body: { receipts: ['r-0', 'old'] } });
    expect(acked.json).toEqual({ stale: ['old'] });
    const body = { receipts: ['r-1'], reason: 'busy', delayMs: 50 };
    const nacked = await call(fixture, `POST ${PATH}/nack`, { as: 'ledgerist', body });
    expect(nacked.json).toEqual({ stale: [] });
    expect(fixture.calls.at(-1)?.args).toEqual(['totals', ['r-1'], { reason: 'busy', delayMs: 50 }]);
  });

  it('are kept longer by receipt', async () => {
    const { json } = await call(fixture, `POST ${PATH}/extend`, {
      as: 'ledgerist',
      body: { receipts: ['r-0', 'old'] },
    });
    expect(json).toEqual({
      extended: [{ was: 'r-0', receipt: 'r-0+', until: expect.any(String) as string }],
      stale: ['old'],
    });
  });

  it.each([
    ['extend', { receipts: [] }],
    ['ack', {}],
    ['ack', { receipts: [] }],
    ['ack', { receipts: 'r-0' }],
    ['ack', { receipts: [1] }],
    ['ack', { receipts: Array.from({ length: 1001 }, String) }],
    ['nack', { receipts: ['r-0'] }],
    ['nack', { receipts: ['r-0'], reason: '' }],
    ['nack', { receipts: ['r-0'], reason: 'x', delayMs: 1.5 }],
    ['nack', { receipts: ['r-0'], reason: 'x', delayMs: -1 }],
    ['redrive', { positions: [] }],
    ['redrive', { positions: ['1'] }],
    ['redrive', { position: 1 }],
    ['redrive', { pattern: [] }],
    ['redrive', { pattern: 'x' }],
  ])('%s refuses %j', async (action, body) => {
    const { problem } = await call(fixture, `POST ${PATH}/${action}`, { as: 'ledgerist', body });
    expect(problem).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect(fixture.calls.some(({ name }) => name.endsWith(action))).toBe(false);
  });
});

describe('dead letters', () => {
  beforeEach(async () => {
    await create();
    await fillQueue();
  });

  it('come in pages', async () => {
    const first = await call<DeadLetterPage>(fixture, `GET ${PATH}/dead-letters?limit=1`, { as: 'ledgerist' });
    const after = first.json.next ?? -1;
    const second = await call<DeadLetterPage>(fixture, `GET ${PATH}/dead-letters?limit=5&after=${after}`, {
      as: 'ledgerist',
    });
    const amounts = [first, second].flatMap(({ json }) => json.deadLetters).map(({ event }) => event.payload['amount']);
    expect(amounts).toEqual(['1.00', '2.00']);
    expect(second.json.next).toBeUndefined();
  });

  it.each([
    [undefined, 2],
    [{}, 2],
    [{ positions: [0] }, 1],
    [{ pattern: { detail: { payload: { amount: [{ prefix: '2' }] } } } }, 1],
  ])('are redriven with %j', async (body, redriven) => {
    const { json } = await call(fixture, `POST ${PATH}/redrive`, { as: 'ledgerist', body });
    expect(json).toEqual({ redriven });
  });

  it.each([{ pattern: {} }, { pattern: { source: 'x' } }, { pattern: { source: ['x'] }, positions: [0] }])(
    'are not redriven with %j',
    async (body) => {
      const { problem } = await call(fixture, `POST ${PATH}/redrive`, { as: 'ledgerist', body });
      expect(problem).toMatchObject({ status: 400, code: 'SUBSCRIPTION_INVALID' });
    },
  );
});
