/**
 * One request to S3, and all that may happen to it: signed, sent, tried again when the failure passes by itself, refused in
 * S3's words. Decides nothing about what is asked for. The library signs; the SDK's client would be 180 KB of a function.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { AwsV4Signer } from 'aws4fetch';
import { AwsError } from '../errors.ts';
import { S3Error } from './s3-error.ts';

/** Waiting times double from here: the SDK's, for what is lost and for what is throttled. */
const BACKOFF_MS = 100;
const BACKOFF_THROTTLED_MS = 500;
const MAX_BACKOFF_MS = 20_000;

export interface S3Request {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** undefined: the bucket itself */
  readonly key?: string;
  /** what is undefined is left out, here and in the headers */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: Uint8Array;
}

export interface S3Answer {
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

export interface S3Bucket {
  readonly name: string;
  /** For `s3-bucket.ts`, whose functions are the calls there are. @throws S3Error when S3 refuses or does not answer */
  readonly send: (request: S3Request) => Promise<S3Answer>;
}

export interface S3BucketOptions {
  readonly name: string;
  /** Read once, now: region, credentials and endpoint, under the names Lambda gives them. */
  readonly env: NodeJS.ProcessEnv;
  /** the first try included */
  readonly attempts: number;
  /** of one try */
  readonly timeoutMs: number;
  readonly fetch?: typeof fetch;
  readonly sleep?: (ms: number) => Promise<unknown>;
}

export function openS3Bucket(options: S3BucketOptions): S3Bucket {
  const { name, attempts, sleep = sleepFor } = options;
  const env = { ...options.env };
  return {
    name,
    send: async (request) => {
      for (let attempt = 1; ; attempt += 1) {
        const tried = await tryOnce({ ...options, env }, request);
        if (!(tried instanceof S3Error)) return tried;
        if (tried.code !== 'S3_UNAVAILABLE' || attempt >= attempts) throw tried;
        const most = (tried.isThrottled ? BACKOFF_THROTTLED_MS : BACKOFF_MS) * 2 ** (attempt - 1);
        await sleep(Math.random() * Math.min(MAX_BACKOFF_MS, most));
      }
    },
  };
}

async function tryOnce(options: S3BucketOptions, request: S3Request): Promise<S3Answer | S3Error> {
  const { name, env, timeoutMs, fetch: send = fetch } = options;
  const what = `${request.method} ${name}/${request.key ?? ''}`;
  const { method, body } = request;
  // Signed anew for every try: a signature tells the time.
  const { url, headers } = await signed(name, env, request);
  try {
    const response = await send(url, {
      ...{ method, headers, body: body === undefined ? null : Buffer.from(body) },
      ...{ redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) },
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return response.ok ? { headers: response.headers, bytes } : S3Error.answered(what, response.status, bytes);
  } catch (error) {
    return S3Error.unanswered(what, error);
  }
}

async function signed(
  name: string,
  env: NodeJS.ProcessEnv,
  request: S3Request,
): Promise<{ readonly url: URL; readonly headers: Headers }> {
  const { method, headers = {}, body = new Uint8Array() } = request;
  const region = required(env, 'AWS_REGION');
  const sessionToken = env['AWS_SESSION_TOKEN'];
  const signer = new AwsV4Signer({
    method,
    url: urlOf(bucketUrl(name, region, env), request),
    headers: present({ ...headers, 'x-amz-content-sha256': createHash('sha256').update(body).digest('hex') }),
    service: 's3',
    region,
    accessKeyId: required(env, 'AWS_ACCESS_KEY_ID'),
    secretAccessKey: required(env, 'AWS_SECRET_ACCESS_KEY'),
    ...(sessionToken === undefined ? {} : { sessionToken }),
  });
  return signer.sign();
}

/** An endpoint of one's own may have no name for each bucket; and the certificate of AWS holds for no name with a dot. */
function bucketUrl(name: string, region: string, env: NodeJS.ProcessEnv): string {
  const endpoint = env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'];
  if (endpoint !== undefined) return `${endpoint.replace(/\/+$/, '')}/${name}`;
  const host = `s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
  return name.includes('.') ? `https://${host}/${name}` : `https://${name}.${host}`;
}

/** @throws AwsError ITEM_KEY_INVALID for a key that would name another object: URLs have no `.` and `..` */
function urlOf(bucket: string, { key = '', query = {} }: S3Request): string {
  if (/(^|\/)\.\.?(\/|$)/.test(key))
    throw new AwsError({
      code: 'ITEM_KEY_INVALID',
      message: `the key "${key}" has a part "." or "..": name it otherwise`,
    });
  const path = key.split('/').map(encodeURIComponent).join('/');
  const search = Object.entries(present(query)).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${bucket}/${path}${search.length === 0 ? '' : `?${search.join('&')}`}`;
}

function present(values: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

function required(env: NodeJS.ProcessEnv, name: string): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  throw new AwsError({ code: 'ENVIRONMENT_INCOMPLETE', message: `the environment has no ${name}: set it to reach S3` });
}
