/** One call of the HTTP contract, with every answer held against what the route table promises. */
import { expect } from 'vitest';
import { handleRequest, problemSchema, ROUTES, type ProblemDetails } from '../../api/index.ts';
import { createRouteMatcher } from '../../api/match-route.ts';
import { problemCodes } from '../../api/openapi.ts';
import type { Route } from '../../api/route.ts';
import type { TestSystem } from './test-system.ts';

const match = createRouteMatcher(ROUTES);
/** Codes any request can meet before its route is known. */
const ANYWHERE = ['ROUTE_NOT_FOUND', 'METHOD_NOT_ALLOWED', 'REQUEST_INVALID'];

export interface CallOptions {
  /** principal id; undefined: nobody */
  readonly as?: string | undefined;
  readonly body?: unknown;
  /** instead of `body` */
  readonly bytes?: Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
  readonly onError?: (error: unknown) => void;
}

export interface Answer<Body = unknown> {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** parsed body, after its schema took it */
  readonly json: Body;
  readonly problem: ProblemDetails | undefined;
}

export async function call<Body = unknown>(
  fixture: TestSystem,
  line: string,
  options: CallOptions = {},
): Promise<Answer<Body>> {
  const [method = '', target = ''] = line.split(' ', 2);
  const bytes = bytesOf(options);
  const reader = new AbortController();
  const response = await handleRequest(
    {
      ...{ method, target },
      headers: { ...(bytes.length > 0 ? { 'content-type': 'application/json' } : {}), ...options.headers },
      body: async () => bytes,
      principal: options.as === undefined ? undefined : fixture.as(options.as),
      signal: options.signal ?? reader.signal,
    },
    fixture.system,
    { onError: options.onError ?? unexpected },
  );
  reader.abort(); // of a stream nothing is read here
  const json: unknown = typeof response.body === 'string' ? JSON.parse(response.body) : response.body;
  const problem = isProblem(response.headers) ? problemSchema.parse(json) : undefined;
  assertPromised(method, target.split('?')[0] ?? '', { ...response, json, problem });
  return { ...response, json: json as Body, problem };
}

/** `409 STALE_BASE` */
export function refusalOf({ problem }: Answer): string {
  return problem === undefined ? 'no problem' : `${problem.status} ${problem.code}`;
}

function bytesOf({ bytes, body }: CallOptions): Uint8Array {
  return bytes ?? (body === undefined ? new Uint8Array() : new TextEncoder().encode(JSON.stringify(body)));
}

function assertPromised(method: string, path: string, { status, headers, json, problem }: Answer): void {
  if (problem !== undefined) {
    expect(problem.status).toBe(status);
    expect(status).toBeGreaterThanOrEqual(400);
  }
  const route = routeOf(method, path);
  if (route === undefined) {
    expect([204, 400, 404, 405]).toContain(status);
  } else if (problem === undefined) {
    const promised = route.responses[status];
    expect(promised, `${route.operationId} does not promise ${status}`).toBeDefined();
    const alternative = promised?.alternatives?.[headers['content-type'] ?? ''];
    (alternative ?? promised?.schema)?.parse(json);
    if (promised?.streamed === true) expect(json instanceof Uint8Array || isStream(json)).toBe(true);
    else if (promised?.mediaType !== undefined) expect(json).toBeInstanceOf(Uint8Array);
    else if (promised?.schema === undefined && route.operationId !== 'getOpenApi') expect(json).toBeUndefined();
  } else {
    expect([...ANYWHERE, ...problemCodes(route)]).toContain(problem.code);
  }
}

function routeOf(method: string, path: string): Route | undefined {
  try {
    const found = match(method, path);
    return found.kind === 'route' ? found.route : undefined;
  } catch {
    return undefined; // broken percent-encoding
  }
}

function isStream(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Symbol.asyncIterator in body;
}

function isProblem(headers: Readonly<Record<string, string>>): boolean {
  return headers['content-type'] === 'application/problem+json';
}

function unexpected(error: unknown): void {
  throw error instanceof Error ? error : new Error(String(error));
}
