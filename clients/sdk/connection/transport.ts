/**
 * One call of the HTTP API: JSON out, JSON or an error in. Retries what is safe to repeat when nobody answers or the
 * service says "later" (429, 503 with Retry-After). It knows no route.
 */
import { defined, orBlank, orNone } from '../../../core/values/index.ts';
import type { ProblemDetails } from '../../../api/index.ts';
import { realClock, type ClientClock } from './clock.ts';
import { ApiProblem, Unreachable } from './problems.ts';
import { sigV4Headers, type SigV4Options } from './sigv4.ts';

export interface TransportOptions {
  /** base URL, e.g. http://127.0.0.1:4150 */
  readonly url: string;
  /** bearer token; a function is asked before every request, for tokens that are renewed */
  readonly token?: string | (() => string | Promise<string>);
  /** instead of a token: AWS credentials, for an API that IAM guards */
  readonly sigv4?: SigV4Options;
  readonly fetch?: typeof fetch;
  /** what pauses are taken by; default: real time */
  readonly clock?: ClientClock;
}

export interface Call {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  /** default: GETs are; true only when the same call again cannot do more than one */
  readonly idempotent?: boolean;
  readonly signal?: AbortSignal | undefined;
  /** s the service may wait before it answers (long poll) */
  readonly waitSeconds?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** a status whose body is an answer although it is not 2xx */
  readonly accepts?: number;
  /** the answer is bytes, not JSON */
  readonly bytes?: true;
}

/** What makes a request safe to repeat: its key is chosen before the first try. */
export function once(): Pick<Required<Call>, 'idempotencyKey' | 'idempotent'> {
  return { idempotencyKey: crypto.randomUUID(), idempotent: true };
}

export type Transport = <Result>(call: Call) => Promise<Result>;

/** Resolves when an answer of this media type begins; how long it may take is for the call's signal to say. Tries once. @returns undefined: 204 */
export type OpenStream = (call: Call, mediaType: string) => Promise<ReadableStream<Uint8Array> | undefined>;

type Attempt<Result> =
  | { readonly kind: 'done'; readonly result: Result }
  | { readonly kind: 'failed'; readonly error: ApiProblem | Unreachable; readonly retryAfterMs?: number };

const MAX_ATTEMPTS = 5;
const ANSWER_TIMEOUT_MS = 30_000;
const BACKOFF_BASE_MS = 100;
const BACKOFF_MAX_MS = 5_000;
/** A longer Retry-After is the caller's decision, not ours. */
const MAX_RETRY_AFTER_MS = 60_000;
const NO_CONTENT = 204;
/** The service's "later", and a gateway's before it (RFC 9110: 502, 504). */
const TRY_LATER: readonly number[] = [429, 502, 503, 504];

export function createTransport(options: TransportOptions): Transport {
  const base = baseOf(options.url);
  const { clock = realClock } = options;
  return async <Result>(call: Call): Promise<Result> => {
    const isRepeatable = call.idempotent ?? call.method === 'GET';
    for (let attempt = 1; ; attempt++) {
      const outcome = await tryOnce<Result>(base, options, call);
      if (outcome.kind === 'done') return outcome.result;
      const pause = isRepeatable && attempt < MAX_ATTEMPTS ? pauseBefore(outcome, attempt) : undefined;
      if (pause === undefined) throw outcome.error;
      await clock.sleep(pause, call.signal);
      call.signal?.throwIfAborted();
    }
  };
}

export function createStreamOpener(options: TransportOptions): OpenStream {
  const base = baseOf(options.url);
  return async (call, mediaType) => {
    const url = base + targetOf(call);
    const request = await requestOf(options, { ...call, headers: { ...call.headers, accept: mediaType } }, url);
    const response = await (options.fetch ?? fetch)(url, { ...request, signal: call.signal ?? null }).catch(
      (error: unknown) => {
        throw new Unreachable(base, error);
      },
    );
    const { ok, headers, body } = response;
    if (response.status === NO_CONTENT) return undefined;
    if (ok && body !== null && headers.get('content-type')?.startsWith(mediaType) === true) return body;
    throw problemOf(response, parse(await response.text()));
  };
}

/** Full jitter: clients that failed together do not come back together. @param attempt from 1 */
export function backoffMs(attempt: number): number {
  return Math.random() * Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** Math.min(attempt, 16));
}

/** Is trying the same again of any use? */
export function isTransient(error: unknown): boolean {
  return error instanceof Unreachable || (error instanceof ApiProblem && TRY_LATER.includes(error.status));
}

/** As a call, because it changes while the caller waits. */
export function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

function baseOf(url: string): string {
  const { protocol, origin, pathname } = new URL(url);
  if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`"${url}" is not an http(s) URL`);
  return origin + pathname.replace(/\/+$/, '');
}

async function tryOnce<Result>(base: string, options: TransportOptions, call: Call): Promise<Attempt<Result>> {
  const url = base + targetOf(call);
  const timeout = AbortSignal.timeout(ANSWER_TIMEOUT_MS + orNone(call.waitSeconds) * 1000);
  const signal = call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal]);
  const request = { ...(await requestOf(options, call, url)), signal };
  let response: Response;
  let bytes: Uint8Array;
  try {
    response = await (options.fetch ?? fetch)(url, request);
    bytes = new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    call.signal?.throwIfAborted();
    return { kind: 'failed', error: new Unreachable(base, error) };
  }
  if (call.bytes === true && response.ok) return { kind: 'done', result: bytes as Result };
  const text = new TextDecoder().decode(bytes);
  const body = parse(text);
  const isAnswer = response.ok || (response.status === call.accepts && !isProblem(body));
  if (isAnswer && (body !== undefined || text === '')) return { kind: 'done', result: body as Result };
  const error = problemOf(response, body);
  const after = Number(response.headers.get('retry-after') ?? Number.NaN);
  return { kind: 'failed', error, ...(Number.isFinite(after) ? { retryAfterMs: Math.max(0, after) * 1000 } : {}) };
}

function targetOf({ path, query = {} }: Call): string {
  const given = Object.entries(query).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  );
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given).toString()}`;
}

async function requestOf(options: TransportOptions, call: Call, url: string): Promise<RequestInit> {
  const body = call.body === undefined ? undefined : JSON.stringify(call.body);
  return {
    method: call.method,
    headers: {
      accept: 'application/json, application/problem+json',
      ...defined({ 'idempotency-key': call.idempotencyKey }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...call.headers,
      ...(await credentialsFor(options, { method: call.method, url, body: orBlank(body) })),
    },
    ...defined({ body }),
    redirect: 'error', // credentials go to the named service only
  };
}

async function credentialsFor(
  { token, sigv4 }: TransportOptions,
  request: { readonly method: string; readonly url: string; readonly body: string },
): Promise<Record<string, string>> {
  if (sigv4 !== undefined) return sigV4Headers(sigv4, { ...request, at: new Date() });
  const bearer = typeof token === 'function' ? await token() : token;
  return bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function problemOf({ status, url }: Response, body: unknown): ApiProblem {
  if (isProblem(body)) return new ApiProblem(body);
  const gateway = refusedOnTheWay(status);
  if (gateway !== undefined) return new ApiProblem({ status, ...gateway, errors: [] });
  const detail = `${url} answered ${status} without problem details: the server there is not a nervous system`;
  return new ApiProblem({ status, code: 'ANSWER_UNREADABLE', detail, errors: [] });
}

/** A gateway that checks tokens itself refuses in its own words, before the service is asked. */
function refusedOnTheWay(status: number): Pick<ApiProblem, 'code' | 'detail'> | undefined {
  if (status === 401)
    return {
      code: 'UNAUTHENTICATED',
      detail: 'the gateway refused the token: it is missing, expired or not for this API',
    };
  if (status === 403) return { code: 'FORBIDDEN', detail: 'the gateway refused the credentials for this route' };
  return undefined;
}

function isProblem(body: unknown): body is ProblemDetails {
  const { status, code, detail, errors } = (body ?? {}) as Partial<Record<keyof ProblemDetails, unknown>>;
  return typeof status === 'number' && typeof code === 'string' && typeof detail === 'string' && Array.isArray(errors);
}

/** undefined: do not try again */
function pauseBefore(failed: { error: unknown; retryAfterMs?: number }, attempt: number): number | undefined {
  if (!isTransient(failed.error)) return undefined;
  const { retryAfterMs = 0 } = failed;
  return retryAfterMs > MAX_RETRY_AFTER_MS ? undefined : retryAfterMs + backoffMs(attempt);
}
