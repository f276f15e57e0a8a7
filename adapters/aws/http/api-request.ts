/** A request as an HTTP API hands it over (payload 2.0) as the HTTP contract wants it. Decides nothing but what is too large. */
import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { bodyTooLarge, MAX_BODY_BYTES } from '../../../api/read-body.ts';
import type { ApiRequest } from '../../../api/route.ts';
import type { Authorizer } from './principals.ts';
import { requestTarget } from './request-target.ts';

/** Time to settle and answer once nobody waits for events any more. */
const ANSWER_MS = 2_000;

export interface ApiRequestContext {
  readonly principalOf: (authorizer?: Authorizer) => ApiRequest['principal'];
  /** ms until the function is stopped */
  readonly remainingMs: () => number;
}

export function toApiRequest(event: APIGatewayProxyEventV2, context: ApiRequestContext): ApiRequest {
  let signal: AbortSignal | undefined;
  return {
    method: event.requestContext.http.method,
    buffered: true, // an HTTP API hands on whole answers only
    target: requestTarget(event),
    headers: lowerCased(event.headers),
    principal: context.principalOf((event.requestContext as { readonly authorizer?: Authorizer }).authorizer),
    body: async () => bytesOf(event),
    // Made when first asked for: few requests wait.
    get signal(): AbortSignal {
      signal ??= AbortSignal.timeout(Math.max(0, context.remainingMs() - ANSWER_MS));
      return signal;
    },
  };
}

/** @throws ApiError BODY_TOO_LARGE, before anything is decoded */
function bytesOf({ body = '', isBase64Encoded }: APIGatewayProxyEventV2): Uint8Array {
  const size = isBase64Encoded ? Buffer.byteLength(body, 'base64') : Buffer.byteLength(body);
  if (size > MAX_BODY_BYTES) throw bodyTooLarge();
  return Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
}

/** API Gateway does this already; whoever invokes the function in its place may not. */
function lowerCased(headers: APIGatewayProxyEventV2['headers']): ApiRequest['headers'] {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}
