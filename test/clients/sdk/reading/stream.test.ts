/** The client's stream over a network that cuts it anywhere: every event once and in order, whatever happens on the way. */
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createClient, type StreamItem } from '../../../../clients/sdk/index.ts';
import { readStream } from '../../../../clients/sdk/reading/stream.ts';
import { createStreamOpener } from '../../../../clients/sdk/connection/transport.ts';

const NAMES = ['ä', '🙂', '\n', '"', ''];
const LOG = Array.from({ length: 40 }, (_, i) => ({
  eventId: `e-${i}`,
  topic: 'transactions.new',
  payload: { i, name: NAMES[i % 5] },
}));

beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0)); // pauses take no time
afterEach(() => void vi.restoreAllMocks());

interface Request {
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Headers;
  readonly signal: AbortSignal;
}

function networkOf(answer: (request: Request, nth: number) => Response | Promise<Response>) {
  const requests: Request[] = [];
  const fetchIt: typeof fetch = async (input, init) => {
    const { searchParams } = new URL(input instanceof Request ? input.url : input);
    const request = {
      query: Object.fromEntries(searchParams),
      headers: new Headers(init?.headers),
      signal: init?.signal as AbortSignal,
    };
    requests.push(request);
    return answer(request, requests.length);
  };
  return { requests, fetchIt, client: createClient({ url: 'http://service.test', token: 't', fetch: fetchIt }) };
}

/** The log from where the request says, as the service writes it. */
function bytesOf({ query, headers }: Request): Uint8Array {
  const from = Number((headers.get('last-event-id') ?? query['after'] ?? 'p0').slice(1));
  const blocks = LOG.slice(from).map((event, i) => {
    const idle = i % 3 === 0 ? `: keep-alive\nid: p${from + i}\n\n` : '';
    return `${idle}id: p${from + i + 1}\nevent: ${event.topic}\ndata: ${JSON.stringify(event)}\n\n`;
  });
  return new TextEncoder().encode(`retry: 1000\n: keep-alive\nid: p${from}\n\n${blocks.join('')}`);
}

const EVENT_STREAM = { headers: { 'content-type': 'text/event-stream' } };

/** Bytes in pieces of these sizes; then it ends, breaks off or goes on without a word. */
function streamed(pieces: readonly Uint8Array[], end: 'end' | 'break' | 'silence', signal?: AbortSignal): Response {
  const left = [...pieces];
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      const piece = left.shift();
      if (piece !== undefined) controller.enqueue(piece);
      else if (end === 'end') controller.close();
      else if (end === 'break') controller.error(new TypeError('terminated'));
      else return new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason as Error)));
      return undefined;
    },
  });
  return new Response(body, EVENT_STREAM);
}

async function take(items: AsyncIterable<StreamItem>, count: number): Promise<StreamItem[]> {
  const taken: StreamItem[] = [];
  for await (const item of items) if (taken.push(item) === count) break;
  return taken;
}

const ids = (items: readonly StreamItem[]): string[] => items.map(({ event }) => event.eventId);
const logged = LOG.map(({ eventId }) => eventId);

it('ends where the service says that there is no more, and asks no further', async () => {
  const { client, requests } = networkOf((request, nth) =>
    nth === 1 ? streamed([bytesOf(request)], 'end') : new Response(null, { status: 204 }),
  );
  const seen: StreamItem[] = [];
  for await (const item of client.stream({ since: '1h', until: '5m' })) seen.push(item);
  expect(seen).toHaveLength(LOG.length);
  expect(requests.map(({ query }) => query)).toEqual(Array(2).fill({ since: '1h', until: '5m' }));
  expect(requests[1]?.headers.get('last-event-id')).toBe(`p${LOG.length}`);
});

describe('a stream that is cut', () => {
  it('anywhere, any number of times, is the log once and in order', async () => {
    const cut = fc.record({
      /** of the bytes there are */
      share: fc.double({ min: 0, max: 0.4, noNaN: true }),
      sizes: fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 }),
      end: fc.constantFrom('end' as const, 'break' as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(cut, { maxLength: 12 }), async (cuts) => {
        const { client } = networkOf((request, nth) => {
          const bytes = bytesOf(request);
          const { share, sizes, end } = cuts[nth - 1] ?? { share: 1, sizes: [64], end: 'end' as const };
          const upTo = Math.ceil(bytes.length * share);
          const pieces: Uint8Array[] = [];
          for (let at = 0, n = 0; at < upTo; n++) {
            const next = Math.min(upTo, at + (sizes[n % sizes.length] ?? 1));
            pieces.push(bytes.subarray(at, next));
            at = next;
          }
          return streamed(pieces, end);
        });
        const items = await take(client.stream(), LOG.length).catch((error: unknown) => {
          if (cuts.slice(0, 5).some(({ share }) => share > 0)) throw error;
          return undefined; // nothing ever came: that is told, below
        });
        if (items !== undefined) expect(items.map(({ event }) => event)).toEqual(LOG);
      }),
      { numRuns: 60 },
    );
  });

  it('goes on exactly behind the last event that the caller got', async () => {
    const { client } = networkOf((request) => streamed([bytesOf(request)], 'end'));
    let after: string | undefined;
    const seen: string[] = [];
    for (const count of [1, 7, 12, 20]) {
      const items = await take(client.stream(after === undefined ? {} : { after }), count);
      seen.push(...ids(items));
      after = items.at(-1)?.cursor;
    }
    expect(seen).toEqual(logged);
  });

  it('comes back with the last id, also when that came without an event', async () => {
    const { client, requests } = networkOf((request, nth) =>
      nth === 1 ? streamed([Buffer.from('retry: 1\n: x\nid: p38\n\n')], 'break') : streamed([bytesOf(request)], 'end'),
    );
    expect(ids(await take(client.stream({ after: 'latest', topics: ['a.*', 'b.c'], entity: 'e:1' }), 2))).toEqual([
      'e-38',
      'e-39',
    ]);
    expect(requests.map(({ headers }) => headers.get('last-event-id'))).toEqual([null, 'p38']);
    expect(requests[1]?.query).toEqual({ after: 'latest', topics: 'a.*,b.c', entity: 'e:1' });
    expect(requests[0]?.headers.get('accept')).toBe('text/event-stream');
    expect(requests[0]?.headers.get('authorization')).toBe('Bearer t');
  });

  it('is given up by the client when it falls silent, and taken up again', async () => {
    const { fetchIt, requests } = networkOf((request, nth) => {
      const bytes = bytesOf(request);
      return nth === 1 ? streamed([bytes.subarray(0, 500)], 'silence', request.signal) : streamed([bytes], 'end');
    });
    const open = createStreamOpener({ url: 'http://service.test', fetch: fetchIt });
    expect(ids(await take(readStream(open, {}, 20), LOG.length))).toEqual(logged);
    expect(requests).toHaveLength(2);
  });
});

describe('a service that is away', () => {
  const problem = (status: number, code: string): Response =>
    Response.json({ status, code, detail: 'no', errors: [] }, { status });

  it('is waited for once it was reached', async () => {
    const { client, requests } = networkOf((request, nth) => {
      if (nth > 1 && nth < 12) throw new TypeError('fetch failed');
      const bytes = bytesOf(request);
      return nth === 1 ? streamed([bytes.subarray(0, 900)], 'break') : streamed([bytes], 'end');
    });
    expect(ids(await take(client.stream(), LOG.length))).toEqual(logged);
    expect(requests).toHaveLength(12);
  });

  it('is tried a few times before that', async () => {
    const { client, requests } = networkOf(() => {
      throw new TypeError('fetch failed', { cause: new Error('ECONNREFUSED') });
    });
    await expect(take(client.stream(), 1)).rejects.toThrow(/cannot reach http:\/\/service\.test/);
    expect(requests).toHaveLength(5);
  });

  it.each([
    [401, 'UNAUTHENTICATED'],
    [410, 'CURSOR_GONE'],
    [400, 'CURSOR_INVALID'],
  ])('%d %s is told at once, also when the stream has been running', async (status, code) => {
    const { client, requests } = networkOf((request, nth) =>
      nth === 1 ? streamed([bytesOf(request).subarray(0, 900)], 'break') : problem(status, code),
    );
    await expect(take(client.stream(), LOG.length)).rejects.toMatchObject({ status, code });
    expect(requests).toHaveLength(2);
  });

  it('names the oldest cursor to who reads what is lost', async () => {
    const gone = { status: 410, code: 'CURSOR_GONE', detail: 'lost', errors: [], oldestCursor: '2p5' };
    const { client } = networkOf(() => Response.json(gone, { status: 410 }));
    await expect(take(client.stream({ after: 'p9' }), 1)).rejects.toMatchObject({ oldestCursor: '2p5' });
  });

  it('that has no place for another stream is asked again', async () => {
    const { client } = networkOf((request, nth) =>
      nth < 3 ? problem(429, 'STREAMS_EXHAUSTED') : streamed([bytesOf(request)], 'end'),
    );
    expect(ids(await take(client.stream(), LOG.length))).toEqual(logged);
  });

  it('is not confused with a web page', async () => {
    const { client } = networkOf(() => new Response('<html>', { headers: { 'content-type': 'text/html' } }));
    await expect(take(client.stream(), 1)).rejects.toMatchObject({ code: 'ANSWER_UNREADABLE' });
  });
});

describe('a caller that has enough', () => {
  it('ends the connection', async () => {
    const { client, requests } = networkOf((request) => streamed([bytesOf(request)], 'silence', request.signal));
    await take(client.stream(), 3);
    expect(requests[0]?.signal.aborted).toBe(true);
  });

  it.each([0, 5])('after %d events, by its signal', async (count) => {
    const controller = new AbortController();
    const { client, requests } = networkOf((request) => streamed([bytesOf(request)], 'silence', request.signal));
    const seen: StreamItem[] = [];
    if (count === 0) controller.abort();
    for await (const item of client.stream({ signal: controller.signal }))
      if (seen.push(item) === count) controller.abort();
    expect(requests).toHaveLength(count === 0 ? 0 : 1);
    expect(seen.length).toBe(count === 0 ? 0 : LOG.length); // what was in hand was given
  });
});
