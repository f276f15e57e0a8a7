import { beforeAll, describe, expect, it } from 'vitest';
import { ROUTES } from '../../api/index.ts';
import { call } from './call.ts';
import { createTestSystem, type TestSystem } from './test-system.ts';

let fixture: TestSystem;
beforeAll(async () => {
  fixture = await createTestSystem();
});

/** A path of the route, with something harmless for its parameters. */
const pathOf = (template: string): string =>
  template
    .replace('{tile+}', '0/000')
    .replace('{topic}', 'transactions.new')
    .replace('{key}', '0123456789abcdef')
    .replace('/delegations/{id}', `/delegations/${'ab'.repeat(32)}`)
    .replaceAll(/\{[^}]+\}/g, 'x-1');

describe('the route table', () => {
  it('has each method and path, and each operation id, once', () => {
    const keys = ROUTES.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(keys).size).toBe(keys.length);
    expect(new Set(ROUTES.map(({ operationId }) => operationId)).size).toBe(ROUTES.length);
  });

  it('has a schema for exactly the parameters of each path', () => {
    for (const { path, params } of ROUTES) {
      const names = [...path.matchAll(/\{([^}+]+)\+?\}/g)].map(([, name]) => name);
      const shape = params === undefined ? {} : (params as unknown as { shape: object }).shape;
      expect(Object.keys(shape)).toEqual(names);
    }
  });
});

describe.each(ROUTES.map((route) => [`${route.method} ${route.path}`, route] as const))('%s', (_name, route) => {
  const path = pathOf(route.path);

  it('is 405 with Allow for methods it does not know, and tells them to OPTIONS', async () => {
    const known = ROUTES.filter((other) => other.path === route.path).map(({ method }) => method);
    const options = await call(fixture, `OPTIONS ${path}`);
    expect(options).toMatchObject({ status: 204, json: undefined });
    expect(options.headers['allow']?.split(', ')).toEqual(expect.arrayContaining([...known, 'OPTIONS']));
    const others = ['PUT', 'PATCH', 'TRACE', 'CONNECT', 'get', '__proto__', 'constructor'];
    for (const method of others.filter((other) => !known.some((one) => one === other))) {
      const { problem, headers } = await call(fixture, `${method} ${path}`, { as: 'ann' });
      expect(problem).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
      expect(headers['allow']).toBe(options.headers['allow']);
    }
  });

  if (route.auth === 'required')
    it('is 401 for a stranger, before anything else of the request is read', async () => {
      let isRead = false;
      const { handleRequest } = await import('../../api/index.ts');
      const body = async (): Promise<Uint8Array> => {
        isRead = true;
        return new Uint8Array();
      };
      const { status, headers } = await handleRequest(
        {
          ...{ method: route.method, target: `${path}?limit=none`, principal: undefined, body },
          headers: { 'content-type': 'text/html', 'idempotency-key': ' ' },
          signal: new AbortController().signal,
        },
        fixture.system,
      );
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toBe('Bearer');
      expect(isRead).toBe(false);
      expect(fixture.calls).toEqual([]);
    });

  it('refuses query parameters it does not know', async () => {
    for (const query of ['nonsense=1', '__proto__=1', 'constructor=1']) {
      const { problem } = await call(fixture, `${route.method} ${path}?${query}`, { as: 'sec' });
      expect(problem).toMatchObject({
        status: 400,
        code: 'REQUEST_INVALID',
        errors: expect.arrayContaining([expect.objectContaining({ in: 'query' })]) as unknown,
      });
    }
  });
});

describe('paths', () => {
  it.each([
    '/',
    '',
    '*',
    '/v1',
    '/v1/',
    '/v1/events/',
    '/v1//events',
    '//v1/events',
    '/V1/events',
    '/v1/events/a/b',
    '/v1/../health',
    '/%68ealth',
    '/health/',
    '/__proto__',
    '/constructor',
    'http://localhost/health',
  ])('%j leads nowhere', async (path) => {
    const { problem } = await call(fixture, `GET ${path}`, { as: 'ann' });
    expect(problem).toMatchObject({ status: 404, code: 'ROUTE_NOT_FOUND' });
  });

  it('HEAD is answered like GET', async () => {
    expect(await call(fixture, 'HEAD /health')).toMatchObject({ status: 200 });
  });
});

describe('query strings', () => {
  it.each([
    ['limit=1&limit=2', 'given twice'],
    ['limit=1&%6cimit=2', 'given twice'],
    ['limit=%', 'percent-encoded'],
    ['limit=%zz', 'percent-encoded'],
    ['%FF=1', 'percent-encoded'],
    ['after=%ED%A0%80', 'percent-encoded'],
  ])('%s is refused', async (query, reason) => {
    const { problem } = await call(fixture, `GET /v1/feed?${query}`, { as: 'aud' });
    expect(problem).toMatchObject({ status: 400, code: 'REQUEST_INVALID' });
    expect(problem?.detail).toContain(reason);
  });

  it.each(['', '&', 'limit=%31', '&&limit=1&'])('%j is read', async (query) => {
    expect(await call(fixture, `GET /v1/feed?${query}`, { as: 'aud' })).toMatchObject({ status: 200 });
  });
});
