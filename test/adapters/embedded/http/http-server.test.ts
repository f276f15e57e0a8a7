/** The HTTP server over real sockets: what a client, a slow client and a hostile one get to see. */
import { once } from 'node:events';
import { Agent, request, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MAX_BODY_BYTES, problemSchema } from '../../../../api/index.ts';
import {
  startHttpServer,
  type HttpServerOptions,
  type RunningHttpServer,
} from '../../../../adapters/embedded/http/http-server.ts';
import type { ValidationReport } from '../../../../core/system/index.ts';
import { createTestSystem, type TestSystem } from '../../../api/test-system.ts';
import { eventually } from '../../../support/eventually.ts';

let fixture: TestSystem;
let server: RunningHttpServer;
let errors: unknown[];

async function start(options: Partial<HttpServerOptions> = {}): Promise<void> {
  server = await startHttpServer({
    system: fixture.system,
    tokens: { principalOf: (token) => fixture.system.policy.principal(token) },
    port: 0,
    onError: (error) => void errors.push(error),
    ...options,
  });
}

beforeEach(async () => {
  errors = [];
  fixture = await createTestSystem();
  await start();
});
afterEach(async () => {
  await server.close();
  expect(errors).toEqual([]);
});

const event = { topic: 'transactions.new', entityId: 'account:1', payload: { amount: '1.00' } };
const as = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
const json = { 'content-type': 'application/json' };

function send(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(server.url + path, init);
}

async function expectProblem(response: Response, code: string): Promise<void> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  const problem = problemSchema.parse(await response.json());
  expect(problem).toMatchObject({ code, status: response.status });
}

function open(): Promise<Socket> {
  const { port, hostname } = new URL(server.url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {}); // resets are looked at by their effects
  return once(socket, 'connect').then(() => socket);
}

/** Everything the server says until it closes the connection. */
async function transcript(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await new Promise((resolve) => socket.once('close', resolve));
  return text;
}

/** The next piece of what the server says that contains `wanted`. */
async function hears(socket: Socket, wanted: string): Promise<string> {
  let text = '';
  while (!text.includes(wanted)) text += ((await once(socket, 'data')) as [Buffer])[0].toString();
  return text;
}

/** Resolves when the façade was asked for what waits. */
async function untilCalled(name: string): Promise<void> {
  while (!fixture.calls.some((call) => call.name === name)) await new Promise((resolve) => setImmediate(resolve));
}

describe('serving', () => {
  it('publishes and shows an event', async () => {
    const body = JSON.stringify({ ...event, eventId: 'e/1' });
    const published = await send('/v1/events', { method: 'POST', headers: { ...as('ledgerist'), ...json }, body });
    expect(published.status).toBe(201);
    const trace = await send(published.headers.get('location') ?? '', { headers: as('aud') });
    expect(await trace.json()).toMatchObject({ event: { eventId: 'e/1', entityId: 'account:1' } });
  });

  it('keeps answers out of caches and other origins', async () => {
    const response = await send('/health', { headers: { origin: 'https://example.com' } });
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
    const preflight = await send('/v1/events', { method: 'OPTIONS', headers: { origin: 'https://example.com' } });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get('access-control-allow-origin')).toBeNull();
  });

  it('answers HEAD with the headers of GET', async () => {
    const [get, head] = [await send('/health'), await send('/health', { method: 'HEAD' })];
    expect(head.headers.get('content-length')).toBe(get.headers.get('content-length'));
    expect(await head.text()).toBe('');
  });

  it('answers 304 without a body', async () => {
    await send('/v1/events', {
      ...{ method: 'POST', headers: { ...as('ledgerist'), ...json } },
      body: JSON.stringify(event),
    });
    const first = await send('/v1/entities/account%3A1', { headers: as('ledgerist') });
    const headers = { ...as('ledgerist'), 'if-none-match': first.headers.get('etag') ?? '' };
    expect((await send('/v1/entities/account%3A1', { headers })).status).toBe(304);
  });

  it('serves many requests on one connection', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const sockets = new Set<Socket>();
    for (let i = 0; i < 5; i++) {
      const body = JSON.stringify({ ...event, eventId: `e-${i}` });
      const headers = { ...as('ledgerist'), ...json, 'content-length': body.length };
      const sent = request(`${server.url}/v1/events`, { method: 'POST', agent, headers });
      sent.end(body);
      const [response] = (await once(sent, 'response')) as [IncomingMessage];
      expect(response.statusCode).toBe(201);
      sockets.add(response.socket);
      for await (const _chunk of response);
    }
    agent.destroy();
    expect(sockets.size).toBe(1);
  });

  it.each([
    [undefined],
    ['ledgerist'],
    ['Basic bGVkZ2VyaXN0Og=='],
    ['Bearer'],
    ['Bearer '],
    ['Bearer nobody'],
    ['Bearer ledgerist ann'],
    ['Bearer ledgerist, Bearer ann'],
    ['Bearer __proto__'],
  ])('takes %j for nobody', async (authorization) => {
    const response = await send('/v1/catalog', authorization === undefined ? {} : { headers: { authorization } });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
    await expectProblem(response, 'UNAUTHENTICATED');
  });

  it('says in one sentence that the port is in use', async () => {
    const port = Number(new URL(server.url).port);
    const second = startHttpServer({ system: fixture.system, tokens: { principalOf: () => undefined }, port });
    await expect(second).rejects.toMatchObject({
      code: 'PORT_UNAVAILABLE',
      message: `cannot listen on 127.0.0.1:${port}: the port is in use: stop what uses it or choose another port`,
    });
  });
});

describe('limits', () => {
  const publish = (body: string): Promise<Response> =>
    send('/v1/events', { method: 'POST', body, headers: { ...as('ledgerist'), ...json } });

  it('refuses a body that announces to be too large, without asking for it', async () => {
    const socket = await open();
    socket.write(
      `POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ledgerist\r\nContent-Type: application/json\r\n` +
        `Expect: 100-continue\r\nContent-Length: ${MAX_BODY_BYTES + 1}\r\n\r\n`,
    );
    const answer = await transcript(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toMatch(/connection: close/i);
    expect(answer).toContain('BODY_TOO_LARGE');
  });

  it('asks for a body that it wants', async () => {
    const socket = await open();
    const body = JSON.stringify(event);
    socket.write(
      `POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ledgerist\r\nContent-Type: application/json\r\n` +
        `Expect: 100-continue\r\nContent-Length: ${body.length}\r\n\r\n`,
    );
    expect(await hears(socket, '\r\n\r\n')).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    socket.write(body);
    expect(await hears(socket, '}')).toMatch(/^HTTP\/1\.1 201 /);
    socket.destroy();
  });

  it('lets the sender of a large body see the refusal', async () => {
    await expectProblem(await publish('x'.repeat(MAX_BODY_BYTES + 1)), 'BODY_TOO_LARGE');
    await expectProblem(await publish('x'.repeat(3 * MAX_BODY_BYTES)), 'BODY_TOO_LARGE');
    expect(fixture.calls).toEqual([]);
  });

  it('reads on for a while after refusing, so that who sends first and reads later is not cut off', async () => {
    const socket = await open();
    const body = ' '.repeat(3.9 * MAX_BODY_BYTES);
    const written = new Promise<Error | null | undefined>((resolve) => {
      socket.write(
        `POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ledgerist\r\n` +
          `Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
        resolve,
      );
    });
    expect(await written).not.toBeInstanceOf(Error);
    expect(await transcript(socket)).toMatch(/^HTTP\/1\.1 413 [\s\S]*BODY_TOO_LARGE/);
  });

  it('stops reading a body of unknown length', async () => {
    const socket = await open();
    const said = transcript(socket);
    socket.write(
      `POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ledgerist\r\nContent-Type: application/json\r\n` +
        `Transfer-Encoding: chunked\r\n\r\n`,
    );
    const chunk = `10000\r\n${' '.repeat(0x10000)}\r\n`;
    let sent = 0;
    const nextRequest = (): void => {
      while (!socket.destroyed && socket.write(chunk)) sent += chunk.length;
    };
    socket.on('drain', nextRequest);
    nextRequest();
    const answer = await said; // it ends, although the body never does
    expect(answer).toMatch(/^HTTP\/1\.1 413 /);
    expect(answer).toContain('BODY_TOO_LARGE');
    expect(sent).toBeGreaterThan(MAX_BODY_BYTES);
    expect(fixture.calls).toEqual([]);
  });

  it('reads no body of a stranger', async () => {
    const response = await send('/v1/events', { method: 'POST', headers: json, body: 'x'.repeat(MAX_BODY_BYTES) });
    await expectProblem(response, 'UNAUTHENTICATED');
  });

  it('R10: refuses two Authorization headers, whichever of them is good', async () => {
    const socket = await open();
    socket.write('GET /state HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ann\r\nauthorization: Bearer aud\r\n\r\n');
    const answer = await hears(socket, '}');
    expect(answer).toMatch(/^HTTP\/1\.1 400 [\s\S]*REQUEST_INVALID[\s\S]*\/authorization/);
    expect(fixture.calls).toEqual([]);
    socket.destroy();
  });

  it('R10: has so much room for bodies, a part of it for each caller, and gives it back', async () => {
    await server.close();
    await start({ bodies: { bytes: 3_000, bytesPerCaller: 2_000 } });
    const half = async (token: string): Promise<Socket> => {
      const socket = await open();
      socket.write(
        `POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\n` +
          `Expect: 100-continue\r\nContent-Length: 1600\r\n\r\n`,
      );
      await hears(socket, 'Continue\r\n\r\n');
      socket.write(' '.repeat(1_500));
      return socket;
    };
    const held = await half('ledgerist');
    const body = JSON.stringify(event).padEnd(1_000);
    const send1000 = (token: string): Promise<Response> =>
      send('/v1/events', { method: 'POST', body, headers: { ...as(token), ...json } });
    await eventually(async () => {
      const busy = await send1000('ledgerist');
      expect(busy.headers.get('retry-after')).toBe('1');
      await expectProblem(busy, 'SERVER_BUSY');
    });
    expect((await send1000('ann')).status).toBe(201);
    held.destroy();
    await eventually(async () => expect((await send1000('ledgerist')).status).toBeLessThan(300));
  });

  it('R10: accepts so many connections, and idle ones make room for those that ask for something', async () => {
    await server.close();
    await start({ maxConnections: 8 });
    const idle: Socket[] = [];
    for (let i = 0; i < 6; i++) {
      const socket = await open();
      socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
      await hears(socket, '}');
      idle.push(socket);
    }
    const closed = Promise.all(idle.map((socket) => once(socket, 'close')));
    const asking = await Promise.all(Array.from({ length: 2 }, open));
    await closed;
    for (const socket of asking) {
      socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
      expect(await hears(socket, '}')).toMatch(/^HTTP\/1\.1 200 /);
    }
    expect(server.connections()).toEqual({ open: 2, limit: 8 });
    const silent = await Promise.all(Array.from({ length: 8 }, open)); // they never ask: nothing to close but the next
    await eventually(() => expect(server.connections().open).toBe(8));
    const refused = await open();
    await once(refused, 'close');
    for (const socket of [...silent, ...asking]) socket.destroy();
  });

  it('refuses endless headers', async () => {
    const response = await send(`/v1/events/${'a'.repeat(20_000)}`, { headers: as('aud') });
    expect(response.status).toBe(431);
    await expectProblem(response, 'HEADERS_TOO_LARGE');
  });

  it.each([
    ['no request at all', 'hello\r\n\r\n'],
    ['TLS', '\u0016\u0003\u0001\u0002'],
    ['two lengths', 'POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx'],
    [
      'length and chunks',
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a negative length', 'POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n'],
    ['a control character in a header', 'GET /health HTTP/1.1\r\nHost: x\r\nX: a\u0001\u0000\r\n\r\n'],
    ['a space in the path', 'GET /health x HTTP/1.1\r\nHost: x\r\n\r\n'],
    ['no Host', 'GET /health HTTP/1.1\r\n\r\n'],
  ])('refuses %s', async (_what, bytes) => {
    const socket = await open();
    socket.write(bytes, 'latin1');
    const answer = await transcript(socket);
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toMatch(/connection: close/i);
  });

  it('gives up on a client that never finishes its headers, or its body', async () => {
    await server.close();
    await start({ timeouts: { headersMs: 50, requestMs: 100 } });
    const [halfHead, halfBody] = [await open(), await open()];
    halfHead.write('GET /health HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    halfBody.write(
      'POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ledgerist\r\nContent-Type: application/json\r\n' +
        'Content-Length: 100\r\n\r\n{"topic":',
    );
    for (const answer of await Promise.all([transcript(halfHead), transcript(halfBody)])) {
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      expect(answer).toContain('REQUEST_TIMEOUT');
      expect(answer.match(/HTTP\/1\.1/g)).toHaveLength(1);
    }
    expect(fixture.calls).toEqual([]);
  });

  it('publishes nothing when the client goes away within its body', async () => {
    const socket = await open();
    const body = JSON.stringify(event);
    socket.write(
      `POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ledgerist\r\nContent-Type: application/json\r\n` +
        `Content-Length: ${body.length + 1}\r\n\r\n${body}`,
    );
    socket.end();
    await transcript(socket);
    expect(fixture.calls).toEqual([]);
  });
});

describe('long polls', () => {
  const subscribe = async (): Promise<void> => {
    const init = { method: 'POST', headers: { ...as('ledgerist'), ...json } };
    await send('/v1/subscriptions', { ...init, body: JSON.stringify({ id: 'totals', topics: ['*'] }) });
  };
  const signalOf = (name: string): AbortSignal => {
    const call = fixture.calls.find((one) => one.name === name);
    return (call?.args.at(-1) as { signal: AbortSignal }).signal;
  };

  it('end when the client goes away', async () => {
    await subscribe();
    const client = new AbortController();
    const target = '/v1/subscriptions/totals/messages?wait=20';
    const poll = send(target, { headers: as('ledgerist'), signal: client.signal });
    await untilCalled('subscriptions.receive');
    const signal = signalOf('subscriptions.receive');
    expect(signal.aborted).toBe(false);
    const aborted = once(signal, 'abort');
    client.abort();
    await expect(poll).rejects.toThrow();
    await aborted;
  });

  it('are answered at once when the server closes, and nobody is let in any more', async () => {
    await subscribe();
    const poll = send('/v1/subscriptions/totals/messages?wait=20', { headers: as('ledgerist') });
    const feed = send('/v1/feed?wait=20', { headers: as('aud') });
    await untilCalled('subscriptions.receive');
    await untilCalled('feed.read');
    const closing = server.close();
    const response = await poll;
    expect(response.headers.get('connection')).toBe('close');
    expect(await response.json()).toEqual({ messages: [] });
    expect((await feed).status).toBe(200);
    await closing;
    await expect(send('/health')).rejects.toThrow();
  });
});

describe('closing', () => {
  it('lets a request under way finish, and may be asked for twice', async () => {
    let finish = (): void => {};
    const validated = new Promise<void>((resolve) => (finish = resolve));
    await server.close();
    const validate = async (): Promise<ValidationReport> => {
      fixture.calls.push({ name: 'slow', args: [] });
      await validated;
      return { ok: true, performanceCheck: { ok: true, detail: 'fast' }, checks: [] };
    };
    await start({ system: { ...fixture.system, validate } });
    const slow = send('/dependencies', { headers: as('ann') });
    await untilCalled('slow');
    const [first, second] = [server.close(), server.close()];
    finish();
    expect((await slow).status).toBe(200);
    await Promise.all([first, second]);
  });

  it('cuts off what does not finish within the grace period', async () => {
    await server.close();
    const validate = (): Promise<never> => {
      fixture.calls.push({ name: 'stuck', args: [] });
      return new Promise(() => {});
    };
    await start({ system: { ...fixture.system, validate }, timeouts: { graceMs: 20 } });
    const stuck = send('/dependencies', { headers: as('ann') });
    await untilCalled('stuck');
    const cut = expect(stuck).rejects.toThrow();
    await server.close();
    await cut;
  });

  it('does not wait for connections that are idle, new, or half a request', async () => {
    await server.close();
    await start({ timeouts: { graceMs: 3_600_000 } });
    const [idle, fresh, half] = [await open(), await open(), await open()];
    idle.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n');
    await hears(idle, '}');
    half.write('GET /health HT');
    const ended = [idle, fresh, half].map(transcript);
    await server.close(); // would take an hour
    await Promise.all(ended);
  });
});
