/** The feed's stream behind an HTTP API, which passes on whole answers only: each ends by itself, and the next goes on. */
import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ROUTE_GROUPS } from '../../api/index.ts';
import { createClient } from '../../clients/sdk/index.ts';
import { SseParser } from '../../clients/sdk/reading/sse-parser.ts';
import { apiHandler, type ApiHandler } from '../../lambdas/_middleware/api-handler.ts';
import { createTestSystem } from '../api/test-system.ts';
import { feedFixture, type FeedFixture } from '../core/system/feed-fixture.ts';
import { CONTEXT, fromResult, gatewayEvent } from './gateway.ts';

/** Lambda refuses larger answers. */
const MAX_ANSWER_BYTES = 6 * 1024 * 1024;
let fixture: FeedFixture;
let handler: ApiHandler;

beforeEach(async () => {
  process.env['POWERTOOLS_DEV'] = 'true'; // through `console`, where it can be kept quiet
  for (const method of ['log', 'info', 'warn', 'error', 'debug'] as const)
    vi.spyOn(console, method).mockImplementation(() => {});
  fixture = feedFixture({ exclusive: false });
  const { system } = await createTestSystem();
  handler = apiHandler({
    telemetry: {
      logger: new Logger({ serviceName: 'test' }),
      metrics: new Metrics({ namespace: 'test', serviceName: 'test' }),
    },
    routes: ROUTE_GROUPS.read,
    env: { PRINCIPAL_CLAIM: 'sub', IAM_PRINCIPALS: {} },
    open: async () => ({
      system: { ...system, feed: fixture.feed },
      flush: async () => {},
      refreshPolicy: async () => {},
    }),
  });
});
afterEach(() => vi.restoreAllMocks());

const many = (count: number, fields: object = {}): object[] =>
  Array.from({ length: count }, (_, i) => ({ eventId: `e-${i}`, ...fields }));

interface Answer {
  readonly status: number;
  readonly type: string | undefined;
  readonly text: string;
  readonly ids: readonly string[];
  readonly lastEventId: string;
  readonly bytes: number;
}

async function ask(target: string, headers: Record<string, string> = {}, context: Context = CONTEXT): Promise<Answer> {
  const result = await handler(gatewayEvent({ method: 'GET', target, headers, subject: 'aud' }), context);
  const { status, headers: answered, body } = fromResult(result);
  const text = Buffer.from(body as Uint8Array).toString();
  const parser = new SseParser();
  const ids = parser.push(text).map(({ data }) => (JSON.parse(data) as { eventId: string }).eventId);
  return {
    ...{ status, text, ids, type: answered['content-type'], lastEventId: parser.lastEventId },
    bytes: JSON.stringify(result).length,
  };
}

describe('a stream behind an HTTP API', () => {
  it('is what there is, and ends', async () => {
    await fixture.publish(...many(3));
    const { status, type, text, ids } = await ask('/v1/stream');
    expect([status, type]).toEqual([200, 'text/event-stream']);
    expect(ids).toEqual(['e-0', 'e-1', 'e-2']);
    expect(text).toMatch(/^retry: 1000\n/);
    expect(text).toMatch(/\n\n$/);
  });

  it('waits for what comes, at most 20 s, and says how far it has looked', async () => {
    await fixture.publish(...many(3));
    const waiting = ask('/v1/stream?topics=budget.*');
    await fixture.clock.advance(10_000);
    await fixture.publish({ eventId: 'new', topic: 'budget.updated' });
    await fixture.clock.advance(1_000);
    expect((await waiting).ids).toEqual(['new']);
    const idle = ask('/v1/stream?after=latest');
    await fixture.clock.advance(20_000);
    expect(await idle).toMatchObject({ ids: [], lastEventId: `p${fixture.store.log.length}` });
  });

  it('ends before the function does', async () => {
    await fixture.publish({});
    const context = { ...CONTEXT, getRemainingTimeInMillis: () => 2_010 };
    expect((await ask('/v1/stream?after=latest', {}, context)).status).toBe(200);
  });

  it('goes on with the last id, over everything, in answers that fit', async () => {
    await fixture.publish(...many(300, { metadata: { note: 'x'.repeat(60_000) } }));
    const seen: string[] = [];
    let answers = 0;
    for (let id = ''; seen.length < 300; answers++) {
      const { ids, lastEventId, bytes } = await ask('/v1/stream', id === '' ? {} : { 'last-event-id': id });
      expect(bytes).toBeLessThan(MAX_ANSWER_BYTES);
      seen.push(...ids);
      id = lastEventId;
    }
    expect(seen).toEqual(many(300).map((event) => (event as { eventId: string }).eventId));
    expect(answers).toBeGreaterThan(3);
  });

  it.each([
    ['/v1/stream?after=mine', {}, 'CURSOR_INVALID'],
    ['/v1/stream', { 'Last-Event-ID': 'p999' }, 'CURSOR_INVALID'],
  ] as const)('%s %j is refused', async (target, headers, code) => {
    expect((await ask(target, headers)).text).toContain(code);
  });

  it('is one endless stream to the client', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    await fixture.publish(...many(1_200));
    const through: typeof fetch = async (input, init) => {
      const { pathname, search } = new URL(input instanceof Request ? input.url : input);
      const headers = Object.fromEntries(new Headers(init?.headers));
      const event = gatewayEvent({ method: 'GET', target: pathname + search, headers, subject: 'aud' });
      const { status, headers: answered, body } = fromResult(await handler(event, CONTEXT));
      return new Response(body as Uint8Array<ArrayBuffer>, { status, headers: answered });
    };
    const seen: string[] = [];
    for await (const { event } of createClient({ url: 'http://api.test', fetch: through }).stream()) {
      seen.push(event.eventId);
      if (seen.length === 1_200) void fixture.publish({ eventId: 'live' });
      if (seen.length === 1_200) void fixture.clock.advance(0).then(() => fixture.clock.advance(1_000));
      if (event.eventId === 'live') break;
    }
    expect(seen).toEqual([...many(1_200).map((event) => (event as { eventId: string }).eventId), 'live']);
  });
});
