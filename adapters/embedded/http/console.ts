/**
 * `/console/`: the static files of the console with the headers that keep anything else from running beside them, and the calls by which
 * somebody signs in and out. Everything else the page does goes through the public API, with the rights of whoever is signed in.
 */
import * as z from 'zod';
import { ApiError, problemResponse, type ApiRequest, type ApiResponse } from '../../../api/index.ts';
import { parseStrict } from '../../../core/canonical/index.ts';
import { PolicyError, type Principal } from '../../../core/policy/index.ts';
import { readConsoleFiles, type ConsoleFiles } from './console-files.ts';
import { LINK_SECONDS, type ConsoleSessions } from './console-sessions.ts';

const ROOT = '/console';
const SESSION = `${ROOT}/session`;
const LINK = `${ROOT}/link`;
/** A link is 43 characters; nothing else is sent. */
const MAX_BODY_BYTES = 1_024;
const YEAR_SECONDS = 31_536_000;

const exchangeSchema = z.strictObject({ link: z.string().regex(/^[A-Za-z0-9_-]{43}$/) });

/** No script, style or address but our own; nobody frames it; nothing writes markup from text (Trusted Types). */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

const SHIELD = {
  'content-security-policy': CONTENT_SECURITY_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': 'publickey-credentials-get=(self), camera=(), microphone=(), geolocation=(), payment=()',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
};

export interface ConsoleRequest extends Pick<ApiRequest, 'method' | 'target' | 'body' | 'principal'> {
  /** the bearer token, if there is one */
  readonly token: string | undefined;
}

export interface Console {
  /** undefined: it is none of the console's */
  answer(request: ConsoleRequest): Promise<ApiResponse> | undefined;
}

/** @param folder what `console/build.ts` made */
export function createConsole(folder: URL, sessions: ConsoleSessions): Console {
  let files: ConsoleFiles = new Map();
  const answer = async (request: ConsoleRequest, path: string): Promise<ApiResponse> => {
    try {
      if (path === LINK) return link(request, sessions);
      if (path === SESSION) return await session(request, sessions);
      if (files.size === 0) files = readConsoleFiles(folder);
      return file(request.method, path, files);
    } catch (error) {
      return problemResponse(error, path);
    }
  };
  return {
    answer: (request) => {
      const [path = ''] = request.target.split('?');
      return path === ROOT || path.startsWith(`${ROOT}/`) ? answer(request, path) : undefined;
    },
  };
}

/** For whoever has a token: `nervous console` shows it to a person as a link. */
function link({ method, token, principal }: ConsoleRequest, sessions: ConsoleSessions): ApiResponse {
  allow(method, ['POST']);
  const made = token === undefined ? undefined : sessions.link(token);
  if (made === undefined || principal === undefined)
    throw unknownCaller('send Authorization: Bearer <token> of this ledger');
  return json(201, { link: made, expiresInSeconds: LINK_SECONDS, principal: told(principal) });
}

async function session(request: ConsoleRequest, sessions: ConsoleSessions): Promise<ApiResponse> {
  const { method, token, principal } = request;
  allow(method, ['GET', 'POST', 'DELETE']);
  if (method === 'POST') {
    const made = sessions.exchange(await linkIn(request));
    const holder = made === undefined ? undefined : sessions.principalOf(made);
    if (made === undefined || holder === undefined)
      throw unknownCaller('the link was used or is older than a minute: "nervous console" prints another');
    return json(201, { token: made, principal: told(holder) });
  }
  if (principal === undefined || token === undefined) throw unknownCaller('nobody is signed in with this token');
  if (method === 'GET') return json(200, { principal: told(principal) });
  sessions.end(token);
  return { status: 204, headers: {}, body: undefined };
}

async function linkIn({ body }: ConsoleRequest): Promise<string> {
  const bytes = await body();
  const parsed = bytes.length > MAX_BODY_BYTES ? undefined : exchangeSchema.safeParse(parseStrict(bytes));
  if (parsed?.success === true) return parsed.data.link;
  throw new ApiError({
    code: 'REQUEST_INVALID',
    message: 'send {"link": …} with what "nervous console" printed behind "link="',
  });
}

function file(method: string, path: string, files: ConsoleFiles): ApiResponse {
  allow(method, ['GET', 'HEAD']);
  if (path === ROOT) return { status: 308, headers: { location: `${ROOT}/` }, body: undefined };
  const name = path === `${ROOT}/` ? 'index.html' : path.slice(ROOT.length + 1);
  const found = files.get(name);
  if (found === undefined || (name === 'index.html' && path !== `${ROOT}/`))
    throw new ApiError({
      code: 'ROUTE_NOT_FOUND',
      message:
        files.size === 0 ? 'the console is not built here: npm run build:console' : 'the console has no such file',
    });
  const { bytes, type, isImmutable } = found;
  const caching = isImmutable ? { 'cache-control': `public, max-age=${YEAR_SECONDS}, immutable` } : {};
  return { status: 200, headers: { ...SHIELD, 'content-type': type, ...caching }, body: bytes };
}

function told(principal: Principal): object {
  const { kind, id } = principal;
  return principal.kind === 'person' ? { kind, id, personId: principal.personId } : { kind, id };
}

function json(status: number, body: object): ApiResponse {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function allow(method: string, methods: readonly string[]): void {
  if (methods.includes(method)) return;
  const allowed = methods.join(', ');
  throw new ApiError({ code: 'METHOD_NOT_ALLOWED', message: `use ${allowed}`, headers: { allow: allowed } });
}

function unknownCaller(message: string): PolicyError {
  return new PolicyError({ code: 'UNAUTHENTICATED', message });
}
