/** `fetch` that reaches the HTTP contract without a network, as a principal that needs no token. */
import type { HandleRequest } from '../api/index.ts';
import type { Principal } from '../core/policy/index.ts';
import type { NervousSystem } from '../core/system/index.ts';

export interface InProcessFetchOptions {
  readonly handle: HandleRequest<NervousSystem>;
  readonly system: NervousSystem;
  /** Who calls; asked for each request, because rosters change. */
  readonly principal: () => Principal | undefined;
  readonly onError: (error: unknown) => void;
}

export function createInProcessFetch({ handle, system, principal, onError }: InProcessFetchOptions): typeof fetch {
  return async (input, init) => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    const answer = await handle(
      {
        ...{ method: request.method, target: pathname + search, signal: request.signal, principal: principal() },
        headers: Object.fromEntries(request.headers),
        body: async () => new Uint8Array(await request.arrayBuffer()),
      },
      system,
      { onError },
    );
    request.signal.throwIfAborted(); // as a network would: whoever gave up gets no answer
    const { status, headers, body } = answer;
    const content = isPieces(body) ? ReadableStream.from<Uint8Array>(body) : body;
    return new Response(content as ConstructorParameters<typeof Response>[0], { status, headers });
  };
}

function isPieces(body: unknown): body is AsyncIterable<Uint8Array> {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}
