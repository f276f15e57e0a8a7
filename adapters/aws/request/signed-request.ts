/**
 * One request to a service without the SDK, and all that may happen to it: signed, sent, tried again when the failure passes
 * by itself, refused in the service's words. Decides nothing about what is asked for. The SDK's library signs, which is in every
 * bundle for DynamoDB anyway.
 */
import { createHash } from 'node:crypto';
import { setTimeout as sleepFor } from 'node:timers/promises';
import { SignatureV4 } from '@smithy/signature-v4';
import { defined } from '../../../core/values/index.ts';
import { AwsError } from './errors.ts';
import { Sha256 } from '../bundling/native-checksums.ts';
import { ServiceError, type Refusal, type ServiceName } from './service-error.ts';

/** Waiting times double from here: the SDK's, for what is lost and for what is throttled. */
const BACKOFF_MS = 100;
const BACKOFF_THROTTLED_MS = 500;
const MAX_BACKOFF_MS = 20_000;

export interface Connection {
  /** Read once, when it is made: region, credentials and endpoint, under the names Lambda gives them. */
  readonly env: NodeJS.ProcessEnv;
  /** the first try included */
  readonly attempts: number;
  /** of one try */
  readonly timeoutMs: number;
  readonly fetch?: typeof fetch;
  readonly sleep?: (ms: number) => Promise<unknown>;
}

export interface UnsignedRequest {
  readonly method: 'GET' | 'PUT' | 'POST';
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

export interface Answer {
  readonly headers: Headers;
  readonly bytes: Uint8Array;
}

export interface ServiceRequest extends UnsignedRequest {
  readonly service: ServiceName;
  /** as messages name it */
  readonly what: string;
  /** reads the service's words in an answer that is none */
  readonly refusal: (body: Uint8Array) => Refusal;
}

/** @throws ServiceError when the service refuses or does not answer, AwsError ENVIRONMENT_INCOMPLETE */
export async function ask(connection: Connection, request: ServiceRequest): Promise<Answer> {
  const { attempts, sleep = sleepFor } = connection;
  for (let attempt = 1; ; attempt += 1) {
    const tried = await tryOnce(connection, request);
    if (!(tried instanceof ServiceError)) return tried;
    if (!tried.isPassing || attempt >= attempts) throw tried;
    const most = (tried.isThrottled ? BACKOFF_THROTTLED_MS : BACKOFF_MS) * 2 ** (attempt - 1);
    await sleep(Math.random() * Math.min(MAX_BACKOFF_MS, most));
  }
}

async function tryOnce(connection: Connection, request: ServiceRequest): Promise<Answer | ServiceError> {
  const { env, timeoutMs, fetch: send = fetch } = connection;
  const { service, what, method, body, refusal } = request;
  // Signed anew for every try: a signature tells the time.
  const { url, headers } = await signed(env, service, request);
  try {
    const response = await send(url, {
      ...{ method, headers, body: body === undefined ? null : Buffer.from(body) },
      ...{ redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) },
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    if (response.ok) return { headers: response.headers, bytes };
    return ServiceError.answered(service, what, response.status, refusal(bytes));
  } catch (error) {
    return ServiceError.unanswered(service, what, error);
  }
}

/** @param service as messages name it; signatures have it in small letters. @throws AwsError ENVIRONMENT_INCOMPLETE */
export async function signed(
  env: NodeJS.ProcessEnv,
  service: string,
  { method, url, headers, body = new Uint8Array() }: UnsignedRequest,
): Promise<{ readonly url: URL; readonly headers: Headers }> {
  const needed = (name: string): string => required(env, name, service);
  const sessionToken = env['AWS_SESSION_TOKEN'];
  const signer = new SignatureV4({
    ...{ service: service.toLowerCase(), region: needed('AWS_REGION'), sha256: Sha256 },
    credentials: {
      accessKeyId: needed('AWS_ACCESS_KEY_ID'),
      secretAccessKey: needed('AWS_SECRET_ACCESS_KEY'),
      ...defined({ sessionToken }),
    },
    uriEscapePath: service !== 'S3', // the path of an object is signed as it is sent, that of everything else encoded once more
  });
  const to = new URL(url);
  const { protocol, hostname, pathname, searchParams } = to;
  const sum = createHash('sha256').update(body).digest('hex');
  const { headers: all } = await signer.sign(
    {
      ...{ method, protocol, hostname, path: strict(pathname), query: Object.fromEntries(searchParams) },
      headers: { ...headers, host: to.host, 'x-amz-content-sha256': sum },
    },
    { signableHeaders: new Set(['cache-control']) },
  );
  const { host: _sentByFetch, ...sent } = all;
  return { url: to, headers: new Headers(sent) };
}

/** What URLs allow in a path and signatures do not. */
function strict(path: string): string {
  return path.replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Without a slash at its end: one of the environment's choosing, or undefined. */
export function ownEndpoint(env: NodeJS.ProcessEnv, service: string): string | undefined {
  const endpoint = env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ?? env['AWS_ENDPOINT_URL'];
  return endpoint?.replace(/\/+$/, '');
}

/** The name of a service's host in the region. @throws AwsError ENVIRONMENT_INCOMPLETE */
export function hostOf(env: NodeJS.ProcessEnv, service: string): string {
  const region = required(env, 'AWS_REGION', service);
  return `${service.toLowerCase()}.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}

function required(env: NodeJS.ProcessEnv, name: string, service: string): string {
  const value = env[name];
  if (value !== undefined && value !== '') return value;
  throw new AwsError({
    code: 'ENVIRONMENT_INCOMPLETE',
    message: `the environment has no ${name}: set it to reach ${service}`,
  });
}
