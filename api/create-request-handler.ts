/**
 * One request to one response, on any transport. The order is fixed: route, credentials, header and parameters, media
 * type, size, syntax, schema, use case; the body is not asked for before everything ahead of it is in order.
 */
import type { z } from 'zod';
import { describeIssues } from '../core/errors/index.ts';
import type { NervousSystem, Pass } from '../core/system/index.ts';
import { defined } from '../core/values/index.ts';
import { ApiError, type Place } from './errors.ts';
import { createRouteMatcher, type MatchRoute } from './match-route.ts';
import { parseQuery } from './parse-query.ts';
import { problemResponse } from './problem.ts';
import { readBody } from './read-body.ts';
import type { ApiRequest, ApiResponse, Journal, Route, RouteResult, StreamedBody, UsedBy } from './route.ts';
import { idempotencyKey } from './schemas/idempotency-key.ts';

export interface ApiHooks {
  /** Told about every error that is ours (5xx). */
  readonly onError?: (error: unknown) => void;
  /** An engine's own error as one of the contract's; undefined: it stays what it is. */
  readonly translate?: (error: unknown) => Error | undefined;
}

/** Never rejects: whatever happens becomes a response. */
export type HandleRequest<System> = (
  request: ApiRequest,
  system: Served<System>,
  hooks?: ApiHooks,
) => Promise<ApiResponse>;

/** What the routes use, behind the entry point. */
export type Served<System> = System & Pick<NervousSystem, 'execute'>;

/** Serves these routes; compiles them once. */
export function createRequestHandler<Served extends Route>(routes: readonly Served[]): HandleRequest<UsedBy<Served>> {
  // Each is on a part of what they all use together, which the compiler does not see while it does not know them.
  const matchRoute = createRouteMatcher(routes as unknown as readonly Route<UsedBy<Served>>[]);
  return (request, system, hooks = {}) => answer(matchRoute, request, { system, hooks });
}

async function answer<System>(
  matchRoute: MatchRoute<System>,
  request: ApiRequest,
  { system, hooks }: { readonly system: Served<System>; readonly hooks: ApiHooks },
): Promise<ApiResponse> {
  const [path, query] = splitTarget(request.target);
  try {
    assertOneCaller(request);
    const match = matchRoute(request.method, path);
    switch (match.kind) {
      case 'none':
        throw new ApiError({
          code: 'ROUTE_NOT_FOUND',
          message: 'no route has this path and method: see /v1/openapi.json',
        });
      case 'method':
        return methodResponse(request.method, match.allow);
      case 'route':
        return toResponse(match.route, await runRoute(system, request, { ...match, query }));
    }
  } catch (error) {
    return problemResponse(hooks.translate?.(error) ?? error, path, hooks.onError);
  }
}

interface Matched<Matching extends Route> {
  readonly route: Matching;
  readonly params: Readonly<Record<string, string>>;
  readonly query: string;
}

async function runRoute<System>(
  system: Served<System>,
  request: ApiRequest,
  matched: Matched<Route<System>>,
): Promise<RouteResult> {
  const { route } = matched;
  if (route.auth === 'elsewhere') throw route.refuse();
  return system.execute({
    useCase: route.operationId,
    principal: request.principal,
    unknown: unknownCaller(request),
    run: (pass) => runUseCase(system, request, { ...matched, route, pass }),
    ...defined({ outcomeOf: route.outcomeOf }),
  });
}

async function runUseCase<System>(
  system: Served<System>,
  request: ApiRequest,
  { pass, ...matched }: Matched<Exclude<Route<System>, { readonly auth: 'elsewhere' }>> & { readonly pass: Pass },
): Promise<RouteResult> {
  const { route } = matched;
  const { principal } = request;
  if (route.auth === 'none') {
    parse(route.query, parseQuery(matched.query), 'query');
    return route.handler();
  }
  if (principal === undefined) throw new Error(`the entry point let nobody pass to ${route.operationId}`);
  const key = route.method === 'POST' ? readIdempotencyKey(request) : undefined;
  const params = parse(route.params, matched.params, 'path');
  const query = parse(route.query, parseQuery(matched.query), 'query');
  const body = route.body === undefined ? undefined : await readCheckedBody(route.body, request);
  const journal: Journal = async (subject) => (subject === undefined ? undefined : pass.journal(subject));
  const input = { params, query, body, idempotencyKey: key, request, journal };
  pass.about(route.access?.(input));
  const run = (): Promise<RouteResult> => route.handler(system, principal, input);
  const result = await (route.isHeavy?.(input) === true ? pass.heavily(run) : run());
  pass.about(route.access?.(input, result));
  return result;
}

async function readCheckedBody(spec: NonNullable<Route['body']>, request: ApiRequest): Promise<unknown> {
  const value = await readBody(request, spec);
  return spec.checkedBy === 'core' ? value : parse(spec.schema, value, 'body');
}

/** A place without a schema takes nothing. */
function parse(schema: z.ZodType | undefined, value: unknown, place: Place): unknown {
  if (schema === undefined) {
    const [name] = Object.keys(value as object);
    if (name === undefined) return value;
    throw invalid([{ path: [name.slice(0, 60)], message: 'is unknown' }], place);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw invalid(parsed.error.issues, place);
}

function readIdempotencyKey({ headers }: ApiRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  const parsed = idempotencyKey.safeParse(key);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ message }) => ({ path: ['idempotency-key'], message }));
  throw invalid(issues, 'header');
}

function invalid(issues: Parameters<typeof describeIssues>[0], place: Place): ApiError {
  const { message, problems } = describeIssues(issues);
  return new ApiError({ code: 'REQUEST_INVALID', message: `${place} ${message}`, problems, place });
}

/** Of two, somebody in between may have believed the other one. */
function assertOneCaller({ headers }: ApiRequest): void {
  if (!Array.isArray(headers['authorization'])) return;
  throw invalid([{ path: ['authorization'], message: 'is given more than once' }], 'header');
}

function unknownCaller({ headers }: ApiRequest): string {
  return headers['authorization'] === undefined
    ? 'no credentials: send Authorization: Bearer <token>'
    : 'unknown credentials: use a token of this ledger';
}

function methodResponse(method: string, allow: string): ApiResponse {
  if (method === 'OPTIONS') return { status: 204, headers: { allow }, body: undefined };
  throw new ApiError({ code: 'METHOD_NOT_ALLOWED', message: `use ${allow}`, headers: { allow } });
}

function toResponse({ responses }: Route, { status, headers, body }: RouteResult): ApiResponse {
  if (body === undefined) return { status, headers: headers ?? {}, body: undefined };
  const mediaType = responses[status]?.mediaType;
  if (mediaType !== undefined)
    return { status, headers: { 'content-type': mediaType, ...headers }, body: body as Uint8Array | StreamedBody };
  return { status, headers: { 'content-type': 'application/json', ...headers }, body: JSON.stringify(body) };
}

function splitTarget(target: string): [path: string, query: string] {
  const at = target.indexOf('?');
  return at === -1 ? [target, ''] : [target.slice(0, at), target.slice(at + 1)];
}
