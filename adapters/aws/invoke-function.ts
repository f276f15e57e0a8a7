/**
 * Invokes a function and waits for its answer, once. The library signs; the SDK's client would be 72 KB of a function that has
 * no room for it. Decides nothing about what is asked or whether to ask again.
 */
import { AwsV4Signer } from 'aws4fetch';
import { AwsError } from './errors.ts';

/** A synchronous call may work this long before it counts as lost. */
const TIMEOUT_MS = 65_000;

export interface FunctionAnswer {
  readonly text: string;
  /** the function ran and failed; Lambda's word for how */
  readonly error?: string;
}

/** Rejects with an error of Lambda's name (`TooManyRequestsException`, ...) when it was not run, or what `fetch` throws. */
export type InvokeFunction = (name: string, payload: string, signal: AbortSignal) => Promise<FunctionAnswer>;

/** @param env region, credentials and endpoint, under the names Lambda gives them */
export function invokeFunction(env: NodeJS.ProcessEnv, fetcher: typeof fetch = fetch): InvokeFunction {
  return async (name, body, signal) => {
    const region = needed(env, 'AWS_REGION');
    const suffix = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
    const endpoint = env['AWS_ENDPOINT_URL'] ?? `https://lambda.${region}.${suffix}`;
    const sessionToken = env['AWS_SESSION_TOKEN'];
    const signed = await new AwsV4Signer({
      url: `${endpoint.replace(/\/$/, '')}/2015-03-31/functions/${encodeURIComponent(name)}/invocations`,
      ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body, service: 'lambda', region },
      accessKeyId: needed(env, 'AWS_ACCESS_KEY_ID'),
      secretAccessKey: needed(env, 'AWS_SECRET_ACCESS_KEY'),
      ...(sessionToken === undefined ? {} : { sessionToken }),
    }).sign();
    const answer = await fetcher(signed.url, {
      ...{ method: signed.method, headers: signed.headers, body },
      signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
    });
    const text = await answer.text();
    if (!answer.ok) throw refusal(answer, text);
    const error = answer.headers.get('x-amz-function-error');
    return error === null ? { text } : { text, error };
  };
}

function refusal({ status, headers }: Response, text: string): Error {
  const [name = ''] = (headers.get('x-amzn-errortype') ?? '').split(':');
  return Object.assign(new Error(`Lambda answered ${status}: ${text.slice(0, 300)}`), {
    name: name || `Http${status}`,
  });
}

function needed(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  throw new AwsError({ code: 'ENVIRONMENT_INCOMPLETE', message: `the variable ${name} is not set: Lambda sets it` });
}
