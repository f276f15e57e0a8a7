/** A request of node:http as the HTTP contract wants it: who calls, the body up to its limit, and whether anyone still waits. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { orBlank } from '../../../core/values/index.ts';
import { ApiError, bodyTooLarge, MAX_BODY_BYTES, type ApiRequest } from '../../../api/index.ts';
import type { BodyRoom } from './body-room.ts';
import type { Tokens } from '../keys/tokens.ts';

/** RFC 6750 section 2.1 */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;

export interface RequestContext {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly tokens: Pick<Tokens, 'principalOf'>;
  /** for the bodies of all requests */
  readonly room: BodyRoom;
  /** The controllers of requests that may be waiting for something. */
  readonly waiting: Set<AbortController>;
  /** True: the server is closing, so nothing may wait any more. */
  readonly isClosing: () => boolean;
}

export function toApiRequest(context: RequestContext): ApiRequest {
  const { incoming, response, tokens, room } = context;
  const principal = principalOf(incoming.headers.authorization, tokens);
  let controller: AbortController | undefined;
  return {
    method: incoming.method ?? 'GET',
    target: incoming.url ?? '/',
    headers: withEveryAuthorization(incoming),
    principal,
    body: () => readBytes(incoming, response, { room, caller: orBlank(principal?.id) }),
    // Made when first asked for: few requests wait, and the others need not pay.
    get signal(): AbortSignal {
      controller ??= watch(context);
      return controller.signal;
    },
  };
}

/** node:http keeps the first of several and forgets the rest. */
function withEveryAuthorization({ headers, rawHeaders, headersDistinct }: IncomingMessage): ApiRequest['headers'] {
  if (headers.authorization === undefined) return headers;
  let found = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]?.toLowerCase() === 'authorization') found += 1;
  return found === 1 ? headers : { ...headers, authorization: headersDistinct['authorization'] };
}

export function bearerOf(authorization: string | undefined): string | undefined {
  return authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
}

function principalOf(authorization: string | undefined, tokens: RequestContext['tokens']): ApiRequest['principal'] {
  const token = bearerOf(authorization);
  return token === undefined ? undefined : tokens.principalOf(token);
}

/** What was read stays counted until the request has been answered. */
function readBytes(
  incoming: IncomingMessage,
  response: ServerResponse,
  { room, caller }: { readonly room: BodyRoom; readonly caller: string },
): Promise<Uint8Array> {
  let held = 0;
  const hold = (bytes: number): boolean => {
    if (!room.take(caller, bytes)) return false;
    held += bytes;
    return true;
  };
  response.once('close', () => room.give(caller, held));
  if (incoming.headers.expect !== undefined) response.writeContinue();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > MAX_BODY_BYTES) reject(bodyTooLarge());
      else if (hold(chunk.length)) chunks.push(chunk);
      else reject(noRoom());
    });
    incoming.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    incoming.on('close', () => {
      if (!incoming.readableEnded) reject(endedEarly());
    });
  });
}

function noRoom(): ApiError {
  return new ApiError({
    code: 'SERVER_BUSY',
    message: 'the bodies of other requests take all the memory reserved for bodies: try again later',
    retryAfterSeconds: 1,
    // What follows on this connection is the rest of a body nobody will read.
    headers: { connection: 'close' },
  });
}

/** Nobody will read the answer; it is an answer all the same, so that it is not taken for a fault of ours. */
function endedEarly(): ApiError {
  return new ApiError({
    code: 'REQUEST_TIMEOUT',
    message: 'the connection ended before the whole body arrived: send the request again',
  });
}

function watch({ response, waiting, isClosing }: RequestContext): AbortController {
  const controller = new AbortController();
  if (isClosing() || response.destroyed) controller.abort();
  waiting.add(controller);
  response.once('close', () => {
    waiting.delete(controller);
    if (!response.writableFinished) controller.abort();
  });
  return controller;
}
