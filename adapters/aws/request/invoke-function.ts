/**
 * Invokes a function, once, and waits for its answer or only until Lambda has taken the call. The library signs; the SDK's client would be 72 KB of a function that has
 * no room for it. Decides nothing about what is asked or whether to ask again.
 */
import { orBlank } from '../../../core/values/index.ts';
import { hostOf, ownEndpoint, signed } from './signed-request.ts';

/** A synchronous call may work this long before it counts as lost. */
const TIMEOUT_MS = 65_000;

export interface FunctionAnswer {
  readonly text: string;
  /** the function ran and failed; Lambda's word for how */
  readonly error?: string;
}

/** Rejects with an error of Lambda's name (`TooManyRequestsException`, ...) when it was not run, or what `fetch` throws. */
export type InvokeFunction = (name: string, payload: string, signal: AbortSignal) => Promise<FunctionAnswer>;

/** @param env region, credentials and endpoint, under the names Lambda gives them. @param timeoutMs then a call counts as lost */
export function invokeFunction(
  env: NodeJS.ProcessEnv,
  fetcher: typeof fetch = fetch,
  timeoutMs = TIMEOUT_MS,
): InvokeFunction {
  return async (name, payload, signal) => {
    const { answer, text } = await call(env, fetcher, { name, payload, signal, type: 'RequestResponse', timeoutMs });
    const error = answer.headers.get('x-amz-function-error');
    return error === null ? { text } : { text, error };
  };
}

/** Rejects as InvokeFunction does; resolves when Lambda has taken the call, which it tries again when it fails. */
export type InvokeLater = (name: string, payload: string) => Promise<void>;

export function invokeLater(env: NodeJS.ProcessEnv, fetcher: typeof fetch = fetch): InvokeLater {
  return async (name, payload) => {
    await call(env, fetcher, {
      name,
      payload,
      signal: new AbortController().signal,
      type: 'Event',
      timeoutMs: TIMEOUT_MS,
    });
  };
}

interface Invocation {
  readonly name: string;
  readonly payload: string;
  readonly signal: AbortSignal;
  readonly type: 'RequestResponse' | 'Event';
  readonly timeoutMs: number;
}

async function call(
  env: NodeJS.ProcessEnv,
  fetcher: typeof fetch,
  { name, payload, signal, type, timeoutMs }: Invocation,
): Promise<{ readonly answer: Response; readonly text: string }> {
  const endpoint = ownEndpoint(env, 'Lambda') ?? `https://${hostOf(env, 'Lambda')}`;
  const [method, body] = ['POST', Buffer.from(payload)] as const;
  const { url, headers } = await signed(env, 'Lambda', {
    ...{ method, body, headers: { 'content-type': 'application/json', 'x-amz-invocation-type': type } },
    url: `${endpoint}/2015-03-31/functions/${encodeURIComponent(name)}/invocations`,
  });
  const answer = await fetcher(url, {
    ...{ method, headers, body },
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  const text = await answer.text();
  if (!answer.ok) throw refusal(answer, text);
  return { answer, text };
}

function refusal({ status, headers }: Response, text: string): Error {
  const [name = ''] = orBlank(headers.get('x-amzn-errortype')).split(':');
  return Object.assign(new Error(`Lambda answered ${status}: ${text.slice(0, 300)}`), {
    name: name || `Http${status}`,
  });
}
