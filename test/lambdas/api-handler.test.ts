/** A function behind the HTTP API from event to result: opening, settling, failing, and what it tells to whom. */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { ROUTE_GROUPS, ROUTES, type ProblemDetails } from '../../api/index.ts';
import type { Route } from '../../api/route.ts';
import { apiEnv } from '../../lambdas/_middleware/api-env.ts';
import { apiHandler, type ApiHandler, type OpenedSystem } from '../../lambdas/_middleware/api-handler.ts';
import { readEnv } from '../../lambdas/_middleware/read-env.ts';
import type { Telemetry } from '../../lambdas/_middleware/telemetry.ts';
import type { NervousSystem } from '../../core/system/index.ts';
import { refusingOthers } from '../../lambdas/service/refusing-others.ts';
import { createTestSystem, type TestSystem } from '../api/test-system.ts';
import { CONTEXT, fromResult, gatewayEvent, type GatewayRequest } from './gateway.ts';

type Opened = OpenedSystem<NervousSystem>;

const SECRET = 'eyJ-the-token';
let fixture: TestSystem;
let output: string[];
let settled: number;

beforeEach(async () => {
  fixture = await createTestSystem();
  output = [];
  settled = 0;
  const keep = (...args: unknown[]): void => void output.push(args.map(String).join(' '));
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, method).mockImplementation(keep);
});
afterEach(() => vi.restoreAllMocks());

function telemetry(): Telemetry {
  process.env['POWERTOOLS_DEV'] = 'true'; // through `console`, where it can be read
  const logger = new Logger({ serviceName: 'test' });
  return { logger, metrics: new Metrics({ namespace: 'test', serviceName: 'test' }) };
}

function opened(overrides: Partial<Opened> = {}): Opened {
  const flush = async (): Promise<void> => void (settled += 1);
  return { system: fixture.system, flush, refreshPolicy: async () => {}, ...overrides };
}

function handlerOf(
  open: () => Promise<Opened> = async () => opened(),
  routes: readonly Route<NervousSystem>[] = ROUTES,
): ApiHandler {
  const env = { PRINCIPAL_CLAIM: 'sub', IAM_PRINCIPALS: {} };
  return apiHandler({ telemetry: telemetry(), routes, env, open });
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly json: unknown;
}

async function ask(handler: ApiHandler, request: GatewayRequest): Promise<Answer> {
  const result: APIGatewayProxyStructuredResultV2 = await handler(gatewayEvent(request), CONTEXT);
  const { status, headers, body } = fromResult(result);
  return { status, headers, json: typeof body === 'string' ? JSON.parse(body) : body };
}

const event = { topic: 'transactions.new', payload: { amount: '1.00' }, eventId: 'e-1', entityId: 'account:1' };
const publish = (subject?: string): GatewayRequest => ({
  ...{ method: 'POST', target: '/v1/events', subject },
  headers: { 'content-type': 'application/json', authorization: `Bearer ${SECRET}`, traceparent: TRACE },
  body: Buffer.from(JSON.stringify(event)),
});
const TRACE = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('a function of the API', () => {
  it('publishes once, whoever sends it twice, and settles before it answers', async () => {
    const handler = handlerOf();
    expect(await ask(handler, publish('ledgerist'))).toMatchObject({ status: 201, json: { status: 'accepted' } });
    expect(settled).toBe(1);
    expect(await ask(handler, publish('ledgerist'))).toMatchObject({ status: 200, json: { status: 'duplicate' } });
    expect(fixture.store.log.filter(({ chain }) => chain === 'account:1')).toHaveLength(1);
  });

  it('knows nobody whom the roster does not know', async () => {
    for (const subject of [undefined, 'mallory'])
      expect(await ask(handlerOf(), publish(subject))).toMatchObject({
        status: 401,
        headers: { 'content-type': 'application/problem+json' },
        json: { code: 'UNAUTHENTICATED' },
      });
    expect(fixture.store.log).toEqual([]);
  });

  it('opens the system once; after a failure again', async () => {
    const open = vi.fn<() => Promise<Opened>>().mockResolvedValue(opened());
    open.mockRejectedValueOnce(Object.assign(new Error('no answer from kms'), { name: 'TimeoutError' }));
    const handler = handlerOf(open);
    const refused = await ask(handler, publish('ledgerist'));
    expect(refused).toMatchObject({
      status: 503,
      headers: { 'retry-after': '1' },
      json: { code: 'STORE_UNAVAILABLE' },
    });
    expect((refused.json as ProblemDetails).detail).toMatch(/same id or Idempotency-Key/);
    expect((await ask(handler, publish('ledgerist'))).status).toBe(201);
    expect((await ask(handler, { method: 'GET', target: '/health' })).status).toBe(200);
    expect(open).toHaveBeenCalledTimes(2);
  });

  it('answers a fault of ours without a word about the inside, and logs it with the request', async () => {
    fixture.system.feed.read = () => Promise.reject(new TypeError('cannot read arn:aws:secret'));
    const handler = handlerOf(async () =>
      opened({
        system: {
          ...fixture.system,
          feed: { ...fixture.system.feed, read: () => Promise.reject(new TypeError('cannot read arn:aws:s')) },
        },
      }),
    );
    const answer = await ask(handler, { method: 'GET', target: '/v1/feed', subject: 'aud' });
    expect(answer).toMatchObject({ status: 500, json: { code: 'INTERNAL' } });
    expect(JSON.stringify(answer)).not.toMatch(/arn:aws|TypeError|at /);
    expect(output.join('\n')).toMatch(/request failed[\s\S]*arn:aws:s/);
    expect(output.find((line) => line.includes('request failed'))).toContain('r-1');
  });

  it('answers 503 when AWS is throttling, also while it settles', async () => {
    const throttled = Object.assign(new Error('x'), { name: 'ThrottlingException', $metadata: {} });
    const handler = handlerOf(async () => opened({ flush: () => Promise.reject(throttled) }));
    expect(await ask(handler, publish('ledgerist'))).toMatchObject({ status: 503, headers: { 'retry-after': '1' } });
  });

  it('logs one line per request with its trace, and never a token or a body', async () => {
    await ask(handlerOf(), publish('ledgerist'));
    const lines = output.join('\n');
    expect(lines).toContain('4bf92f3577b34da6a3ce929d0e0e4736');
    expect(lines).toMatch(/answered/);
    expect(lines).not.toContain(SECRET);
    expect(lines).not.toContain('1.00');
  });

  it('serves its own group only', async () => {
    const handler = handlerOf(async () => opened(), ROUTE_GROUPS.read);
    expect(await ask(handler, publish('ledgerist'))).toMatchObject({ status: 404, json: { code: 'ROUTE_NOT_FOUND' } });
  });
});

describe('what no route answers', () => {
  const service = (): ApiHandler => handlerOf(async () => opened(), refusingOthers(ROUTES, ROUTE_GROUPS.service));

  it.each([
    ['GET', '/nowhere', 404, 'ROUTE_NOT_FOUND'],
    ['PUT', '/v1/events', 405, 'METHOD_NOT_ALLOWED'],
    ['HEAD', '/v1/feed', 405, 'METHOD_NOT_ALLOWED'],
    ['POST', '/v1/events', 405, 'METHOD_NOT_ALLOWED'],
  ])('%s %s is %d', async (method, target, status, code) => {
    const answer = await ask(service(), { method, target, subject: 'ledgerist' });
    expect(answer).toMatchObject({ status, json: { code } });
    expect(fixture.calls).toEqual([]);
  });

  it.each(['/health', '/v1/feed'])('OPTIONS %s says what there is', async (target) => {
    const { status, headers } = await ask(service(), { method: 'OPTIONS', target });
    expect([status, headers['allow']]).toEqual([204, expect.stringContaining('GET')]);
  });

  it('is not what the service tells about itself', async () => {
    expect(await ask(service(), { method: 'GET', target: '/health' })).toMatchObject({ json: { status: 'ok' } });
    expect(await ask(service(), { method: 'GET', target: '/state', subject: 'aud' })).toMatchObject({ status: 200 });
    const { json } = await ask(service(), { method: 'GET', target: '/v1/openapi.json' });
    expect(Object.keys((json as { paths: object }).paths)).toEqual(
      expect.arrayContaining(['/v1/events', '/v1/change-sets/{id}/decisions']),
    );
  });
});

describe('the environment', () => {
  const schema = z.object({ ...apiEnv, WAKE_QUEUE_URL: z.url() });
  const good = { ENTRIES_TABLE: 'e', STATE_TABLE: 's', WAKE_QUEUE_URL: 'https://sqs/1' };

  it('has defaults for who is who', () => {
    expect(readEnv(schema, { critical: () => {} }, good)).toMatchObject({ PRINCIPAL_CLAIM: 'sub', IAM_PRINCIPALS: {} });
    const iam = { ...good, IAM_PRINCIPALS: '{"arn:aws:iam::111122223333:user/a":"ann"}' };
    expect(readEnv(schema, { critical: () => {} }, iam).IAM_PRINCIPALS).toEqual({
      'arn:aws:iam::111122223333:user/a': 'ann',
    });
  });

  it.each([
    ['a missing variable', { ENTRIES_TABLE: undefined }, 'ENTRIES_TABLE'],
    ['no URL', { WAKE_QUEUE_URL: 'secret-value' }, 'WAKE_QUEUE_URL'],
    ['no JSON', { IAM_PRINCIPALS: 'secret-value' }, 'IAM_PRINCIPALS'],
    ['JSON of another shape', { IAM_PRINCIPALS: '["secret-value"]' }, 'IAM_PRINCIPALS'],
  ])('with %s fails the start with one line that names it', (_what, wrong, name) => {
    const critical = vi.fn();
    expect(() => readEnv(schema, { critical }, { ...good, ...wrong })).toThrow(name);
    expect(critical).toHaveBeenCalledTimes(1);
    const [line] = critical.mock.calls[0] as [string];
    expect(line).toContain(name);
    expect(line).not.toContain('secret-value');
    expect(line).not.toContain('\n');
  });
});
