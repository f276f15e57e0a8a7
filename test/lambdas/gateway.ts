/** API Gateway as far as it changes a request: decodes the path once, then finds the route, and hands over payload 2.0. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { toApiRequest } from '../../adapters/aws/http/api-request.ts';
import { toApiResult } from '../../adapters/aws/http/api-result.ts';
import { createPrincipals } from '../../adapters/aws/http/principals.ts';
import { createRequestHandler, type HandleRequest } from '../../api/create-request-handler.ts';
import { ROUTES } from '../../api/route-table.ts';
import type { ApiResponse } from '../../api/route.ts';
import type { NervousSystem } from '../../core/system/index.ts';

const KEYS = [...ROUTES.map(({ method, path }) => `${method} ${path}`), 'GET /v1/entities/{proxy+}'];

export interface GatewayRequest {
  readonly method: string;
  readonly target: string;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: Uint8Array;
  /** `sub` of a checked token */
  readonly subject?: string | undefined;
}

export function gatewayEvent(request: GatewayRequest): APIGatewayProxyEventV2 {
  const [encoded = '', rawQueryString = ''] = request.target.split(/\?(.*)/s, 2);
  const rawPath = decodeOnce(encoded);
  const { routeKey, pathParameters } = route(request.method, rawPath);
  const { body = new Uint8Array(), subject } = request;
  const authorizer = { jwt: { claims: { sub: subject }, scopes: [] } };
  return {
    version: '2.0',
    ...{ routeKey, rawPath, rawQueryString, pathParameters },
    headers: Object.fromEntries(Object.entries(request.headers ?? {}).filter(([, value]) => value !== undefined)),
    isBase64Encoded: true,
    body: Buffer.from(body).toString('base64'),
    requestContext: {
      requestId: 'r-1',
      routeKey,
      http: { method: request.method, path: rawPath },
      ...(subject === undefined ? {} : { authorizer }),
    },
  } as unknown as APIGatewayProxyEventV2;
}

export const CONTEXT = {
  awsRequestId: 'r-1',
  functionName: 'f',
  getRemainingTimeInMillis: () => 29_000,
} as unknown as Context;

/** `handleRequest` of the HTTP contract with a gateway and the AWS adapter in between. */
export const throughGateway: HandleRequest<NervousSystem> = async (request, system, hooks) => {
  const { method, target, headers, principal, signal } = request;
  const event = gatewayEvent({
    ...{ method, target, headers: headers as Record<string, string>, subject: principal?.id },
    body: await request.body().catch(() => new Uint8Array()), // a test's way to say that nobody may ask for it
  });
  const principalOf = createPrincipals({ policy: system.policy, claim: 'sub', iam: {} });
  const adapted = toApiRequest(event, { principalOf, remainingMs: () => 29_000 });
  const seen = Object.defineProperty(adapted, 'signal', { get: () => signal });
  return fromResult(toApiResult(await createRequestHandler(ROUTES)(seen, system, hooks)));
};

export function fromResult(result: APIGatewayProxyStructuredResultV2): ApiResponse {
  const { statusCode = 200, headers = {}, body, isBase64Encoded } = result;
  return {
    status: statusCode,
    headers: headers as Record<string, string>,
    body: isBase64Encoded === true ? Buffer.from(body ?? '', 'base64') : body,
  };
}

/** Literal segments before parameters, one segment before the rest of a path. */
function route(method: string, path: string): Pick<APIGatewayProxyEventV2, 'routeKey' | 'pathParameters'> {
  const segments = path.split('/');
  const fitting = KEYS.filter((key) => key.startsWith(`${method} `) && fits(key.split(' ')[1] ?? '', segments));
  const rank = (key: string): string => key.replace(/\{\w+\}/g, '~').replace(/\{\w+\+\}/g, '~~');
  const [best] = fitting.sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  if (best === undefined) return { routeKey: '$default' };
  const pathParameters: Record<string, string> = {};
  for (const [i, segment] of (best.split(' ')[1] ?? '').split('/').entries()) {
    const [, name, rest] = /^\{(\w+)(\+?)\}$/.exec(segment) ?? [];
    if (name !== undefined) pathParameters[name] = rest === '+' ? segments.slice(i).join('/') : (segments[i] ?? '');
  }
  return { routeKey: best, pathParameters };
}

function fits(template: string, path: readonly string[]): boolean {
  const parts = template.split('/');
  const isOpen = parts.at(-1)?.endsWith('+}') === true;
  return (
    (isOpen ? path.length >= parts.length : path.length === parts.length) &&
    parts.every((part, i) => (part.startsWith('{') ? path[i] !== '' : part === path[i]))
  );
}

function decodeOnce(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}
