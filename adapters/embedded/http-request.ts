/** A request of node:http as the HTTP contract wants it: who calls, the body up to its limit, and whether anyone still waits. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, bodyTooLarge, MAX_BODY_BYTES, type ApiRequest } from '../../api/index.ts';
import type { Tokens } from './tokens.ts';

/** RFC 6750 section 2.1 */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;

export interface RequestContext {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  readonly tokens: Pick<Tokens, 'principalOf'>;
  /** The controllers of requests that may be waiting for something. */
  readonly waiting: Set<AbortController>;
  /** True: the server is closing, so nothing may wait any more. */
  readonly isClosing: () => boolean;
}

export function toApiRequest(context: RequestContext): ApiRequest {
  const { incoming, response, tokens } = context;
  let controller: AbortController | undefined;
  return {
    method: incoming.method ?? 'GET',
    target: incoming.url ?? '/',
    headers: incoming.headers,
    principal: principalOf(incoming.headers.authorization, tokens),
    body: () => readBytes(incoming, response),
    // Made when first asked for: few requests wait, and the others need not pay.
    get signal(): AbortSignal {
      controller ??= watch(context);
      return controller.signal;
    },
  };
}

function principalOf(authorization: string | undefined, tokens: RequestContext['tokens']): ApiRequest['principal'] {
  const token = authorization === undefined ? undefined : BEARER.exec(authorization)?.[1];
  return token === undefined ? undefined : tokens.principalOf(token);
}

function readBytes(incoming: IncomingMessage, response: ServerResponse): Promise<Uint8Array> {
  if (incoming.headers.expect !== undefined) response.writeContinue();
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else reject(bodyTooLarge());
    });
    incoming.on('end', () => resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)));
    incoming.on('close', () => {
      if (!incoming.readableEnded) reject(endedEarly());
    });
  });
}

/** Nobody will read the answer; it is an answer all the same, so that it is not taken for a fault of ours. */
function endedEarly(): ApiError {
  return new ApiError({ code: 'REQUEST_TIMEOUT', message: 'the request ended before its body did: send it again' });
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
