/** An HTTP API's event as a request: path, principal, body, deadline; and what fails in AWS as a caller sees it. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { toApiRequest } from '../../../../adapters/aws/http/api-request.ts';
import { toApiResult } from '../../../../adapters/aws/http/api-result.ts';
import { createPrincipals } from '../../../../adapters/aws/http/principals.ts';
import { asUnavailable } from '../../../../adapters/aws/http/unavailable.ts';
import { MAX_BODY_BYTES, ROUTES } from '../../../../api/index.ts';
import { createRouteMatcher } from '../../../../api/match-route.ts';
import { createPolicy } from '../../../../core/policy/index.ts';
import { config } from '../../../api/test-system.ts';
import { gatewayEvent } from '../../../lambdas/gateway.ts';

const policy = createPolicy(config.roster, config.modules);
const nobody = { principalOf: () => undefined, remainingMs: () => 29_000 };
const match = createRouteMatcher(ROUTES);

/** operationId and parameters that a client's request line leads to behind the gateway */
function routed(line: string): unknown {
  const [method = '', target = ''] = line.split(' ', 2);
  const request = toApiRequest(gatewayEvent({ method, target }), nobody);
  const found = match(request.method, request.target.split('?')[0] ?? '');
  return found.kind === 'route' ? [found.route.operationId, found.params] : found.kind;
}

describe('the path behind a gateway that decodes it', () => {
  it.each([
    ['GET /v1/entities/account%3A1695', 'getEntity', { id: 'account:1695' }],
    ['GET /v1/entities/account:1695/entries', 'listEntries', { id: 'account:1695' }],
    ['GET /v1/entities/a%2Fb', 'getEntity', { id: 'a/b' }],
    ['GET /v1/entities/a%2Fb/entries?from=1', 'listEntries', { id: 'a/b' }],
    ['GET /v1/entities/a%2Fb%2Fc/verify', 'verifyEntity', { id: 'a/b/c' }],
    ['GET /v1/entities/a%252Fb/entries', 'listEntries', { id: 'a/b' }],
    ['GET /v1/entities/a%252Fentries', 'getEntity', { id: 'a/entries' }],
    ['GET /v1/entities/a%252Fentries/entries', 'listEntries', { id: 'a/entries' }],
    ['GET /v1/events/e%252F1?source=ann', 'traceEvent', { id: 'e/1' }],
    ['GET /v1/tile/0/x001/234', 'getTile', { tile: '0/x001/234' }],
    ['POST /v1/change-sets/c-1/decisions', 'decideChangeSet', { id: 'c-1' }],
  ])('%s', (line, operation, params) => {
    expect(routed(line)).toEqual([operation, params]);
  });

  it.each(['GET /v1/nowhere', 'GET /', 'GET /v1/entities/', 'GET /v1/events/a%2Fb/c'])('%s leads nowhere', (line) => {
    expect(routed(line)).toBe('none');
  });

  it.each(['PUT /v1/events', 'DELETE /health', 'PATCH /v1/feed'])('%s is another method', (line) => {
    expect(routed(line)).toBe('method');
  });

  it('keeps the query as it came', () => {
    const request = toApiRequest(gatewayEvent({ method: 'GET', target: '/v1/feed?after=a%20b&x=%' }), nobody);
    expect(request.target).toBe('/v1/feed?after=a%20b&x=%');
  });

  it('lets every id of the contract reach the embedded engine the same way', () => {
    for (const id of ['a', 'a:b', 'a/b', 'a/b/entries', 'a._-Z9']) {
      for (const once of [encodeURIComponent(id), encodeURIComponent(encodeURIComponent(id))]) {
        const found = match('GET', `/v1/entities/${once}/entries`);
        expect(found.kind === 'route' && found.params).toEqual({ id });
      }
    }
  });
});

describe('the principal', () => {
  const role = 'arn:aws:sts::1:assumed-role/Deployer';
  const iam = { 'arn:aws:iam::1:user/ann': 'ann', [role]: 'ledgerist', [`${role}/special`]: 'rita' };
  const principalOf = createPrincipals({ policy, claim: 'sub', iam });
  const claims = (sub: unknown): object => ({ jwt: { claims: { sub } } });

  it.each([
    ['a claim', claims('ann'), 'ann'],
    ['a user', { iam: { userArn: 'arn:aws:iam::1:user/ann' } }, 'ann'],
    ["an assumed role, whatever the session's name", { iam: { userArn: `${role}/build-7` } }, 'ledgerist'],
    ['one session of an assumed role', { iam: { userArn: `${role}/special` } }, 'rita'],
  ])('is known by %s', (_by, authorizer, id) => {
    expect(principalOf(authorizer)?.id).toBe(id);
  });

  it.each([
    ['nothing', undefined],
    ['an empty authorizer', {}],
    ['an unknown claim', claims('mallory')],
    ['a claim that is no text', claims({ toString: () => 'ann' })],
    ['no such claim', { jwt: { claims: { email: 'ann' } } }],
    ['an unknown user', { iam: { userArn: 'arn:aws:iam::1:user/ann/x' } }],
    ['a role whose name only begins alike', { iam: { userArn: `${role}2/build` } }],
    ['a token without the claim, beside a known ARN', { jwt: {}, iam: { userArn: 'arn:aws:iam::1:user/ann' } }],
    ['__proto__', claims('__proto__')],
  ])('is nobody by %s', (_by, authorizer) => {
    expect(principalOf(authorizer as never)).toBeUndefined();
  });

  it('is never taken from a header', () => {
    const event = gatewayEvent({
      method: 'GET',
      target: '/state',
      headers: { authorization: 'Bearer ann', sub: 'ann' },
    });
    expect(toApiRequest(event, { ...nobody, principalOf }).principal).toBeUndefined();
  });
});

describe('the body', () => {
  const request = (event: Partial<APIGatewayProxyEventV2>): Promise<Uint8Array> =>
    toApiRequest({ ...gatewayEvent({ method: 'POST', target: '/v1/events' }), ...event }, nobody).body();

  it('is read from text and from base64', async () => {
    expect(Buffer.from(await request({ body: '{"ü":1}', isBase64Encoded: false })).toString()).toBe('{"ü":1}');
    expect([...(await request({ body: Buffer.from([0xff, 0]).toString('base64'), isBase64Encoded: true }))]).toEqual([
      0xff, 0,
    ]);
  });

  it.each([true, false])('has a limit (base64: %s)', async (isBase64Encoded) => {
    const body = (size: number): string =>
      isBase64Encoded ? Buffer.alloc(size, 32).toString('base64') : 'ü'.repeat(Math.ceil(size / 2));
    expect(await request({ body: body(MAX_BODY_BYTES), isBase64Encoded })).toHaveLength(MAX_BODY_BYTES);
    await expect(request({ body: body(MAX_BODY_BYTES + 1), isBase64Encoded })).rejects.toThrow(/send less at a time/);
  });
});

describe('waiting', () => {
  it('ends before the function does', async () => {
    const request = toApiRequest(gatewayEvent({ method: 'GET', target: '/v1/feed' }), {
      ...nobody,
      remainingMs: () => 2_010,
    });
    expect(request.signal).toBe(request.signal);
    await new Promise((resolve) => request.signal.addEventListener('abort', resolve));
  });

  it('does not begin when the time is over', async () => {
    const event = gatewayEvent({ method: 'GET', target: '/v1/feed' });
    const { signal } = toApiRequest(event, { ...nobody, remainingMs: () => 0 });
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    expect(signal.aborted).toBe(true);
  });
});

describe('the result', () => {
  it('carries bytes as base64, text as text and nothing as nothing', () => {
    const at = { status: 200, headers: { 'content-type': 'x', connection: 'close' } };
    expect(toApiResult({ ...at, body: '{}' })).toMatchObject({ statusCode: 200, body: '{}', isBase64Encoded: false });
    expect(toApiResult({ ...at, body: new Uint8Array([255]) })).toMatchObject({ body: '/w==', isBase64Encoded: true });
    expect(toApiResult({ ...at, status: 204, body: undefined })).not.toHaveProperty('body');
    expect(toApiResult({ ...at, body: '' }).headers).toEqual({
      'cache-control': 'no-store',
      'content-type': 'x',
      'x-content-type-options': 'nosniff',
    });
  });
});

describe('a failure of AWS', () => {
  const failure = (name: string, more: object = {}): Error => Object.assign(new Error('secret'), { name, ...more });

  it.each([
    failure('ThrottlingException', { $metadata: { httpStatusCode: 400 } }),
    failure('ProvisionedThroughputExceededException', { $metadata: {} }),
    failure('InternalServerError', { $fault: 'server', $metadata: { httpStatusCode: 500 } }),
    failure('TimeoutError'),
    failure('Error', { code: 'ECONNREFUSED' }),
    failure('AwsError', { code: 'STORE_CONTENDED' }),
  ])('that passes by itself is "try again": $name $code', (error) => {
    expect(asUnavailable(error)).toMatchObject({ code: 'STORE_UNAVAILABLE', cause: error });
  });

  it.each([
    failure('AccessDeniedException', { $fault: 'client', $metadata: { httpStatusCode: 400 } }),
    failure('ResourceNotFoundException', { $fault: 'client', $metadata: { httpStatusCode: 400 } }),
    failure('TypeError'),
    'text',
  ])('that does not is not: %s', (error) => {
    expect(asUnavailable(error)).toBeUndefined();
  });
});
