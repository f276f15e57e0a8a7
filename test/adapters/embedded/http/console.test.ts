/** What the engine says about the console to a browser, and whom it signs in: once, within a minute, and nobody else. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { problemSchema } from '../../../../api/index.ts';
import { createConsole } from '../../../../adapters/embedded/http/console.ts';
import { createConsoleSessions } from '../../../../adapters/embedded/http/console-sessions.ts';
import { startHttpServer, type RunningHttpServer } from '../../../../adapters/embedded/http/http-server.ts';
import { ofSeconds } from '../../../../core/brands/index.ts';
import { createTestSystem, type TestSystem } from '../../../api/test-system.ts';

let fixture: TestSystem;
let server: RunningHttpServer;
let folder: string;
let now: number;
let isGone: boolean;

beforeEach(async () => {
  [now, isGone] = [1_000, false];
  folder = mkdtempSync(join(tmpdir(), 'nervous-console-files-'));
  writeFileSync(join(folder, 'index.html'), '<!doctype html>');
  writeFileSync(join(folder, 'main-0123456789abcdef.js'), 'export {};');
  writeFileSync(join(folder, 'main.js.map'), '{}');
  fixture = await createTestSystem();
  const own = (token: string) => (isGone ? undefined : fixture.system.policy.principal(token));
  const sessions = createConsoleSessions({ principalOf: own }, { now: () => ofSeconds(now / 1_000) });
  server = await startHttpServer({
    system: fixture.system,
    tokens: { principalOf: (token) => own(token) ?? sessions.principalOf(token) },
    console: createConsole(pathToFileURL(`${folder}/`), sessions),
    port: 0,
  });
});
afterEach(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

const send = (path: string, init: RequestInit = {}): Promise<Response> =>
  fetch(server.url + path, { redirect: 'manual', ...init });
const as = (token: string, method = 'GET'): RequestInit => ({ method, headers: { authorization: `Bearer ${token}` } });
const codeOf = async (response: Response): Promise<string> => problemSchema.parse(await response.json()).code;
const exchange = (link: unknown): Promise<Response> =>
  send('/console/session', { method: 'POST', body: JSON.stringify({ link }) });

async function linkFor(token: string): Promise<string> {
  const response = await send('/console/link', as(token, 'POST'));
  expect(response.status).toBe(201);
  return ((await response.json()) as { link: string }).link;
}

async function sessionFor(token: string): Promise<string> {
  const response = await exchange(await linkFor(token));
  expect(response.status).toBe(201);
  return ((await response.json()) as { token: string }).token;
}

describe('the files of the console', () => {
  it('come with a policy under which nothing else runs, and the page itself is never kept', async () => {
    const { status, headers } = await send('/console/');
    expect(status).toBe(200);
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
    const policy = headers.get('content-security-policy')?.split('; ') ?? [];
    for (const directive of [
      ...["default-src 'none'", "script-src 'self'", "connect-src 'self'", "base-uri 'none'", "form-action 'none'"],
      ...["frame-ancestors 'none'", "require-trusted-types-for 'script'"],
    ])
      expect(policy).toContain(directive);
    expect(policy.join()).not.toMatch(/unsafe|\*|http/);
  });

  it('are kept for ever when their name has the hash of their bytes', async () => {
    const { headers } = await send('/console/main-0123456789abcdef.js');
    expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(headers.get('content-type')).toBe('text/javascript; charset=utf-8');
  });

  it('answer HEAD with the headers of GET and no body', async () => {
    const response = await send('/console/main-0123456789abcdef.js', { method: 'HEAD' });
    expect([response.headers.get('content-length'), await response.text()]).toEqual(['10', '']);
  });

  it.each([
    '/console/index.html',
    '/console/main.js.map',
    '/console/../tokens.json',
    '/console/%2e%2e/tokens.json',
    '/console/nothing',
  ])('are not %s', async (path) => {
    expect((await send(path)).status).toBe(404);
  });

  it('say how they are made where they are not', async () => {
    rmSync(folder, { recursive: true });
    const response = await send('/console/');
    expect(response.status).toBe(404);
    expect(await response.text()).toContain('npm run build:console');
    folder = mkdtempSync(join(tmpdir(), 'nervous-console-files-'));
  });

  it('are led to from /console, and take no other method', async () => {
    const { status, headers } = await send('/console');
    expect([status, headers.get('location')]).toEqual([308, '/console/']);
    expect(await codeOf(await send('/console/', { method: 'POST' }))).toBe('METHOD_NOT_ALLOWED');
  });

  it('take nothing from the API beside them', async () => {
    expect(await codeOf(await send('/consoles'))).toBe('ROUTE_NOT_FOUND');
  });
});

describe('a link', () => {
  it('signs in whoever opens it first, with the rights of who asked for it', async () => {
    const session = await sessionFor('ann');
    expect(session).not.toBe('ann');
    const said = await (await send('/console/session', as(session))).json();
    expect(said).toEqual({ principal: { kind: 'person', id: 'ann', personId: 'ann' } });
    expect((await send('/v1/catalog', as(session))).status).toBe(200);
  });

  it('is good once', async () => {
    const link = await linkFor('ann');
    expect((await exchange(link)).status).toBe(201);
    expect(await codeOf(await exchange(link))).toBe('UNAUTHENTICATED');
  });

  it('is good for a minute', async () => {
    const [early, late] = [await linkFor('ann'), await linkFor('ann')];
    now += 59_999;
    expect((await exchange(early)).status).toBe(201);
    now += 1;
    expect(await codeOf(await exchange(late))).toBe('UNAUTHENTICATED');
  });

  it('is made for nobody who has no token, and for no session', async () => {
    for (const init of [{ method: 'POST' }, as('nobody', 'POST'), as(await sessionFor('ann'), 'POST')])
      expect(await codeOf(await send('/console/link', init))).toBe('UNAUTHENTICATED');
  });

  it.each([undefined, 7, '', 'x'.repeat(44), { a: 1 }, 'x'.repeat(5_000)])('is not %j', async (link) => {
    expect(await codeOf(await exchange(link))).toBe('REQUEST_INVALID');
  });

  it('is not what is no JSON', async () => {
    expect(await codeOf(await send('/console/session', { method: 'POST', body: '{' }))).toBe('NOT_I_JSON');
  });

  it('is forgotten when a thousand others were made', async () => {
    const link = await linkFor('ann');
    for (let i = 0; i < 1_000; i++) await linkFor('ann');
    expect(await codeOf(await exchange(link))).toBe('UNAUTHENTICATED');
  });
});

describe('a session', () => {
  it('ends when its holder signs out', async () => {
    const session = await sessionFor('ann');
    expect((await send('/console/session', as(session, 'DELETE'))).status).toBe(204);
    expect(await codeOf(await send('/v1/catalog', as(session)))).toBe('UNAUTHENTICATED');
  });

  it('ends after eight hours', async () => {
    const session = await sessionFor('ann');
    now += 8 * 3_600_000;
    expect(await codeOf(await send('/v1/catalog', as(session)))).toBe('UNAUTHENTICATED');
  });

  it('ends when its holder is taken out of the roster', async () => {
    const session = await sessionFor('ann');
    isGone = true;
    expect(await codeOf(await send('/v1/catalog', as(session)))).toBe('UNAUTHENTICATED');
  });
});
