/** Streams over real sockets: what a reader gets, and what becomes of readers that are slow, gone, hostile or too many. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { problemSchema } from '../../../../api/index.ts';
import {
  startHttpServer,
  type HttpServerOptions,
  type RunningHttpServer,
} from '../../../../adapters/embedded/http/http-server.ts';
import { SseParser, type ServerSentEvent } from '../../../../clients/sdk/reading/sse-parser.ts';
import { createTestSystem } from '../../../api/test-system.ts';
import { feedFixture, type FeedFixture } from '../../../core/system/feed-fixture.ts';

let fixture: FeedFixture;
let server: RunningHttpServer;
let errors: unknown[];
/** of each stream that was asked for: aborted when its reader is gone */
let signals: AbortSignal[];

async function start(options: Partial<HttpServerOptions> = {}): Promise<void> {
  const follow: FeedFixture['feed']['follow'] = (principal, wanted) => {
    signals.push(wanted.signal);
    return fixture.feed.follow(principal, wanted);
  };
  const { system } = await createTestSystem();
  server = await startHttpServer({
    system: { ...system, feed: { ...fixture.feed, follow } },
    tokens: { principalOf: (token) => system.policy.principal(token) },
    port: 0,
    onError: (error) => void errors.push(error),
    ...options,
  });
}

beforeEach(async () => {
  errors = [];
  signals = [];
  fixture = feedFixture({ perPrincipal: 3 });
  await start();
});
afterEach(async () => {
  await server.close();
  expect(errors).toEqual([]);
});

interface Opened {
  readonly response: Response;
  readonly text: () => string;
  readonly events: () => readonly ServerSentEvent[];
  readonly lastEventId: () => string;
  readonly close: () => void;
  /** rejects when the connection was cut within the stream */
  readonly ended: Promise<void>;
}

async function open(path = '/v1/stream', headers: Record<string, string> = {}): Promise<Opened> {
  const controller = new AbortController();
  const init = { headers: { authorization: 'Bearer aud', ...headers }, signal: controller.signal };
  const response = await fetch(server.url + path, init);
  const parser = new SseParser();
  const events: ServerSentEvent[] = [];
  let text = '';
  const ended = (async (): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const piece of response.body as unknown as AsyncIterable<Uint8Array>) {
      const part = decoder.decode(piece, { stream: true });
      text += part;
      events.push(...parser.push(part));
    }
  })();
  ended.catch(() => {});
  return {
    ...{ response, ended, text: () => text, events: () => events, lastEventId: () => parser.lastEventId },
    close: () => controller.abort(),
  };
}

/** The test's own limit ends a hang. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2));
}

const idOf = ({ data }: ServerSentEvent): string => (JSON.parse(data) as { eventId: string }).eventId;
const many = (count: number, fields: object = {}): object[] =>
  Array.from({ length: count }, (_, i) => ({ eventId: `e-${i}`, ...fields }));

async function expectProblem(response: Response, status: number, code: string): Promise<void> {
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(problemSchema.parse(await response.json())).toMatchObject({ code, status });
}

describe('a stream', () => {
  it('is server-sent events: history, then what comes, each with its cursor and topic', async () => {
    await fixture.publish({ eventId: 'a' }, { eventId: 'b', topic: 'budget.updated' });
    const stream = await open();
    expect(Object.fromEntries(stream.response.headers)).toMatchObject({
      ...{ 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' },
    });
    await until(() => stream.events().length === 2);
    await fixture.publish({ eventId: 'c', payload: { text: 'two\nlines\r\u2028ü' } });
    await until(() => stream.events().length === 3);
    expect(stream.text()).toMatch(/^retry: 1000\n: keep-alive\nid: p0\n\n/);
    const [a, b, c] = stream.events();
    expect([a?.type, b?.type]).toEqual(['transactions.new', 'budget.updated']);
    expect(stream.events().map(idOf)).toEqual(['a', 'b', 'c']);
    expect(JSON.parse(c?.data ?? '')).toMatchObject({ payload: { text: 'two\nlines\r\u2028ü' }, ledger: { seq: 2 } });
    const feed = await fetch(`${server.url}/v1/feed?after=${a?.lastEventId ?? ''}`, {
      headers: { authorization: 'Bearer aud' },
    });
    expect(((await feed.json()) as { events: object[] }).events).toEqual(
      [b, c].map((one): unknown => JSON.parse(one?.data ?? '')),
    );
    stream.close();
  });

  it('goes on behind the last id, which goes before the cursor in the URL', async () => {
    await fixture.publish(...many(10));
    const first = await open();
    await until(() => first.events().length === 10);
    first.close();
    const { lastEventId = '' } = first.events()[6] ?? {};
    const second = await open('/v1/stream?after=p0', { 'last-event-id': lastEventId });
    await until(() => second.events().length === 3);
    expect(second.events().map(idOf)).toEqual(['e-7', 'e-8', 'e-9']);
    second.close();
  });

  it('keeps alive, telling how far it has looked', async () => {
    await fixture.publish(...many(3));
    const stream = await open('/v1/stream?topics=budget.*');
    await until(() => stream.lastEventId() === 'p0');
    await fixture.clock.advance(15_000);
    await until(() => stream.lastEventId() === `p${fixture.store.log.length}`);
    expect(stream.text()).toMatch(/: keep-alive\nid: p\d+\n\n$/);
    expect(stream.events()).toEqual([]);
    stream.close();
  });

  it('over a subscription holds what that lets through, for its module alone', async () => {
    await fixture.publish({ eventId: 'a' }, { eventId: 'b', topic: 'budget.updated' });
    const subscribe = (body: object): Promise<Response> =>
      fetch(`${server.url}/v1/subscriptions`, {
        method: 'POST',
        headers: { authorization: 'Bearer ledgerist', 'content-type': 'application/json' },
        body: JSON.stringify({ topics: ['budget.*'], startAt: 'earliest', ...body }),
      });
    expect((await subscribe({ id: 'live', target: { kind: 'stream' } })).status).toBe(201);
    expect((await subscribe({ id: 'queued' })).status).toBe(201);
    const stream = await open('/v1/stream?subscription=live', { authorization: 'Bearer ledgerist' });
    await until(() => stream.events().length === 1);
    expect(stream.events().map(idOf)).toEqual(['b']);
    stream.close();
    const refused = (id: string, token: string): Promise<Response> =>
      fetch(`${server.url}/v1/stream?subscription=${id}`, { headers: { authorization: `Bearer ${token}` } });
    await expectProblem(await refused('live', 'outsider'), 404, 'SUBSCRIPTION_NOT_FOUND');
    await expectProblem(await refused('queued', 'ledgerist'), 400, 'SUBSCRIPTION_INVALID');
  });

  it('shows nothing that its principal may not read', async () => {
    await fixture.publish(...many(3));
    const stream = await open('/v1/stream', { authorization: 'Bearer outsider' });
    await fixture.clock.advance(15_000);
    await until(() => stream.lastEventId() === `p${fixture.store.log.length}`);
    expect(stream.events()).toEqual([]);
    stream.close();
  });

  it('is cut, not ended, when its store fails, and the fault is reported', async () => {
    await fixture.publish(...many(3));
    const stream = await open();
    await until(() => stream.events().length === 3);
    fixture.store.readLog = () => Promise.reject(new Error('disk on fire'));
    await fixture.clock.advance(15_000);
    await expect(stream.ended).rejects.toThrow();
    expect(stream.text()).not.toContain('disk');
    expect(errors.splice(0)).toMatchObject([{ message: 'disk on fire' }]);
  });
});

describe('who may not', () => {
  it.each([
    ['a stranger', '/v1/stream', { authorization: 'Bearer nobody' }, '401 UNAUTHENTICATED'],
    ['a foreign cursor', '/v1/stream?after=mine', {}, '400 CURSOR_INVALID'],
    ['a cursor beyond the end', '/v1/stream?after=p99', {}, '400 CURSOR_INVALID'],
    ['a foreign last id', '/v1/stream', { 'last-event-id': '42' }, '400 CURSOR_INVALID'],
    ['an endless last id', '/v1/stream', { 'last-event-id': 'p'.repeat(201) }, '400 REQUEST_INVALID'],
    ['a limit', '/v1/stream?limit=5', {}, '400 REQUEST_INVALID'],
    ['a topic that is none', '/v1/stream?topics=A', {}, '400 REQUEST_INVALID'],
    ['an entity that is none', '/v1/stream?entity=%20', {}, '400 REQUEST_INVALID'],
    ['a parameter twice', '/v1/stream?after=p0&after=p1', {}, '400 REQUEST_INVALID'],
    ['a body of parameters', '/v1/stream?__proto__=1', {}, '400 REQUEST_INVALID'],
  ] as const)('%s is told so before a stream begins', async (_who, path, headers, refusal) => {
    const [status = '', code = ''] = refusal.split(' ');
    await expectProblem(await unread(path, headers), Number(status), code);
  });

  it('HEAD is not answered: nobody would read the stream', async () => {
    const response = await fetch(`${server.url}/v1/stream`, {
      method: 'HEAD',
      headers: { authorization: 'Bearer aud' },
    });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, OPTIONS']);
  });

  it('a cursor of what is lost is told where the feed goes on', async () => {
    await server.close();
    fixture = feedFixture({ incarnations: [1] });
    await start();
    await fixture.publish(...many(3));
    for (const path of ['/v1/stream?after=p3', '/v1/feed?after=p3']) {
      const response = await unread(path, {});
      expect(problemSchema.parse(await response.json())).toMatchObject({ code: 'CURSOR_GONE', oldestCursor: '2p1' });
    }
  });

  it('has too many open gets 429, and a place when one is closed', async () => {
    const streams = [await open(), await open(), await open()];
    await expectProblem(await unread('/v1/stream', {}), 429, 'STREAMS_EXHAUSTED');
    streams[0]?.close();
    for (;;) {
      const again = await open();
      if (again.response.ok) break;
    }
    for (const { close } of streams) close();
  });

  /** Without reading it as a stream. */
  function unread(path: string, headers: Record<string, string>): Promise<Response> {
    return fetch(server.url + path, { headers: { authorization: 'Bearer aud', ...headers } });
  }
});

describe('a slow reader', () => {
  /** A connection whose reader takes nothing until told. */
  async function openSocket(lastEventId = ''): Promise<Socket> {
    const { port, hostname } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    await once(socket, 'connect');
    const resume = lastEventId === '' ? '' : `Last-Event-ID: ${lastEventId}\r\n`;
    socket.write(`GET /v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer aud\r\n${resume}\r\n`);
    return socket;
  }

  it('is cut off, costs no memory meanwhile, and comes back without loss or repetition', async () => {
    await server.close();
    await start({ slowReaderMs: 50 });
    const note = 'x'.repeat(50_000);
    await fixture.publish(...many(400, { metadata: { note } })); // 20 MB: more than any socket takes
    fixture.reads.length = 0;
    const seen: string[] = [];
    let lastEventId = '';
    let connections = 0;
    while (seen.length < 400) {
      connections += 1;
      const socket = await openSocket(lastEventId);
      const parser = new SseParser(lastEventId);
      await once(socket, 'readable');
      if (connections === 1) {
        await until(() => signals[0]?.aborted === true); // takes nothing until it is cut off
        expect(Math.max(...fixture.reads)).toBeLessThan(400); // nor was it read for
      }
      const isRead = (): boolean => seen.length === 400;
      await new Promise<void>((resolve) => {
        let rest = '';
        socket.on('data', (piece: Buffer) => {
          rest += piece.toString();
          const text = dechunked(rest);
          rest = text.rest;
          for (const event of parser.push(text.body)) seen.push(idOf(event));
          if (isRead()) socket.destroy();
        });
        socket.once('close', () => resolve());
      });
      ({ lastEventId } = parser);
    }
    expect(connections).toBeGreaterThan(1);
    expect(seen).toEqual(many(400).map((event) => (event as { eventId: string }).eventId));
  });

  it('does not keep others waiting', async () => {
    await fixture.publish(...many(400, { metadata: { note: 'x'.repeat(50_000) } }));
    const stuck = await openSocket();
    const other = await open('/v1/stream?after=latest');
    await until(() => other.lastEventId() !== '');
    for (let i = 0; i < 20; i++) await fixture.publish({ eventId: `n-${i}` });
    await until(() => other.events().length === 20);
    stuck.destroy();
    other.close();
  });
});

describe('closing the server', () => {
  it('ends streams in good order, with nothing half said', async () => {
    await fixture.publish(...many(3));
    const streams = [await open(), await open('/v1/stream?after=latest')];
    await until(() => streams.every(({ lastEventId }) => lastEventId() !== ''));
    await server.close();
    for (const stream of streams) {
      await stream.ended; // not cut
      expect(stream.text()).toMatch(/\n\n$/);
    }
  });

  it('does not wait for a reader that takes nothing', async () => {
    await server.close();
    await start({ timeouts: { graceMs: 50 } });
    await fixture.publish(...many(400, { metadata: { note: 'x'.repeat(50_000) } }));
    const { port, hostname } = new URL(server.url);
    const socket = connect(Number(port), hostname);
    socket.on('error', () => {});
    socket.write('GET /v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer aud\r\n\r\n');
    await once(socket, 'readable');
    await server.close();
    socket.destroy();
  });
});

/** The body of what has come of an answer in chunks (RFC 9112 section 7.1), as far as it is whole. */
function dechunked(text: string): { readonly body: string; readonly rest: string } {
  let rest = text.startsWith('HTTP/1.1') ? text.slice(text.indexOf('\r\n\r\n') + 4) : text;
  let body = '';
  for (;;) {
    const [, size] = /^([0-9a-f]+)\r\n/.exec(rest) ?? [];
    if (size === undefined) return { body, rest };
    const begin = size.length + 2;
    const length = parseInt(size, 16); // ASCII only in these tests
    if (rest.length < begin + length + 2) return { body, rest };
    body += rest.slice(begin, begin + length);
    rest = rest.slice(begin + length + 2);
  }
}
