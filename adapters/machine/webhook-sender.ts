/**
 * Sends one HTTP request to a place that somebody else chose. The addresses of its name are judged at each attempt, and the
 * connection goes to the address that was judged and to no other; redirects are not followed, nothing is decompressed, and of an
 * answer little is read and less is kept.
 */
import { lookup as resolveName, type LookupAddress } from 'node:dns';
import { request as requestHttp, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { performance } from 'node:perf_hooks';
import { promisify } from 'node:util';
import {
  addressProblem,
  checkWebhookUrl,
  failureReason,
  type WebhookAllowance,
  type WebhookAnswer,
} from '../../core/events/index.ts';

/** From the look-up of the name to the end of the answer. */
const TIMEOUT_MS = 15_000;
/** Of an answer's body: read, before the connection is cut, and kept for whoever looks after the webhook. */
const MAX_READ_BYTES = 65_536;
const MAX_KEPT_BYTES = 1_024;
const HTTP_PORT = 80;
const HTTPS_PORT = 443;

export interface WebhookRequest {
  readonly url: string;
  readonly method: 'POST' | 'OPTIONS';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export type WebhookSent = { readonly durationMs: number } & (
  | {
      readonly kind: 'answered';
      readonly answer: WebhookAnswer;
      /** the beginning of the body; what is no text is shown as such */
      readonly text: string;
    }
  | { readonly kind: 'failed'; readonly reason: string }
);

export type SendWebhook = (request: WebhookRequest, signal?: AbortSignal) => Promise<WebhookSent>;

export interface WebhookSenderOptions {
  /** what the operator allows beyond https to public addresses */
  readonly allowed: ReadonlySet<WebhookAllowance>;
  /** all addresses of a name; default: as the machine resolves it */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
  readonly timeoutMs?: number;
}

const resolveAll = promisify(resolveName);

/** Never rejects: what fails is an answer, too. */
export function createWebhookSender({
  allowed,
  resolve = (host) => resolveAll(host, { all: true, order: 'verbatim' }),
  timeoutMs = TIMEOUT_MS,
}: WebhookSenderOptions): SendWebhook {
  return async (request, signal) => {
    const startedAt = performance.now();
    const timeout = AbortSignal.timeout(timeoutMs);
    const ending = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
    try {
      const place = await inTime(placeOf(request.url, { allowed, resolve }), ending);
      const answered = await exchange(request, place, ending);
      return { kind: 'answered', ...answered, durationMs: performance.now() - startedAt };
    } catch (error) {
      const reason = timeout.aborted ? `no answer within ${timeoutMs} ms` : failureReason(error);
      return { kind: 'failed', reason, durationMs: performance.now() - startedAt };
    }
  };
}

interface Place {
  readonly url: URL;
  readonly address: LookupAddress;
}

/** @throws Error: the place must not be connected to */
async function placeOf(
  text: string,
  { allowed, resolve }: Required<Pick<WebhookSenderOptions, 'allowed' | 'resolve'>>,
): Promise<Place> {
  const checked = checkWebhookUrl(text, allowed);
  if (checked.kind === 'refused') throw new Error(`the URL ${checked.reason}`);
  const { url } = checked;
  if (checked.kind === 'address')
    return { url, address: { address: checked.address, family: familyOf(checked.address) } };
  const addresses = await resolve(checked.host);
  for (const { address } of addresses) {
    // One bad address is enough: whoever controls the name would choose which of them is taken.
    const problem = addressProblem(address, allowed);
    if (problem !== undefined) throw new Error(`an address of ${checked.host} ${problem}`);
  }
  const [address] = addresses;
  if (address === undefined) throw new Error(`${checked.host} has no address`);
  return { url, address };
}

function exchange(
  { method, headers, body }: WebhookRequest,
  { url, address }: Place,
  signal: AbortSignal,
): Promise<{ readonly answer: WebhookAnswer; readonly text: string }> {
  return new Promise((resolve, reject) => {
    const isHttps = url.protocol === 'https:';
    const options = {
      method,
      headers: { ...headers, 'content-length': String(Buffer.byteLength(body)), 'accept-encoding': 'identity' },
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: url.port === '' ? (isHttps ? HTTPS_PORT : HTTP_PORT) : Number(url.port),
      path: `${url.pathname}${url.search}`,
      lookup: pinned(address),
      agent: false, // a connection that is kept would outlive the judgement of its address
      signal,
    } as const;
    let hasAnswer = false;
    const request: ClientRequest = (isHttps ? requestHttps : requestHttp)(options, (response) => {
      hasAnswer = true;
      const { statusCode: status = 0, headers: answered } = response;
      const answer = { status, headers: answered };
      beginningOf(response).then(
        (text) => {
          request.destroy();
          resolve({ answer, text });
        },
        // What was answered before it broke off counts: its status was said whole.
        () => resolve({ answer, text: '' }),
      );
    });
    // Where the answer had begun, it is judged by its status: the reader of its body ends, too, and says so.
    request.on('error', (error) => (hasAnswer ? undefined : reject(error)));
    request.end(body);
  });
}

/** Reads until the end, or until it is too much. */
async function beginningOf(response: IncomingMessage): Promise<string> {
  const kept: Buffer[] = [];
  let read = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    const room = MAX_KEPT_BYTES - read;
    if (room > 0) kept.push(chunk.subarray(0, room));
    read += chunk.length;
    if (read >= MAX_READ_BYTES) break;
  }
  return Buffer.concat(kept).toString('utf8');
}

/** Answers with the one address that was judged, whatever is asked. */
function pinned({ address, family }: LookupAddress): LookupFunction {
  return (_host, options, callback) => {
    if (options.all === true) callback(null, [{ address, family }]);
    else callback(null, address, family);
  };
}

function familyOf(address: string): 4 | 6 {
  return address.includes(':') ? 6 : 4;
}

/** A look-up cannot be aborted; nobody waits for it longer. */
async function inTime<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise, reject } = Promise.withResolvers<never>();
  const stop = (): void => reject(new Error('it was ended'));
  signal.addEventListener('abort', stop, { once: true });
  try {
    return await Promise.race([work, promise]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
