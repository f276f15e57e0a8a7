/**
 * The body of a request as a JSON value: media type and size are checked before a byte is read, and the size again before
 * a byte is parsed. It knows no schema.
 */
import { parseStrict, type JsonValue } from '../core/canonical/index.ts';
import { orBlank } from '../core/values/index.ts';
import { ApiError } from './errors.ts';
import type { ApiRequest, BodySpec, RequestHeaders } from './route.ts';

/** 1 MiB. An event or change-set has its own, smaller limit in core: what fits into one entry. */
export const MAX_BODY_BYTES = 1_048_576;

const JSON_TYPE = 'application/json';
/** a media type, in lower case, and no parameter but the one that says UTF-8 */
const UTF8_TYPE = /^[ \t]*([a-z0-9.+-]+\/[a-z0-9.+-]+)[ \t]*(?:;[ \t]*charset=(?:utf-8|"utf-8"))?[ \t]*$/;

/**
 * @throws ApiError MEDIA_TYPE_UNSUPPORTED | BODY_TOO_LARGE, CanonicalError NOT_I_JSON | TOO_DEEP
 */
export async function readBody(
  { method, headers, body }: ApiRequest,
  { optional, alternatives = {} }: Pick<BodySpec<unknown>, 'optional' | 'alternatives'>,
): Promise<JsonValue> {
  const taken = [JSON_TYPE, ...Object.keys(alternatives)];
  if (optional && headers['content-type'] === undefined) {
    if ((await body()).length === 0) return {};
    throw unsupported('a body without Content-Type', taken, method);
  }
  assertMediaType(headers, taken, method);
  const length = headers['content-length'];
  if (typeof length === 'string' && Number(length) > MAX_BODY_BYTES) throw bodyTooLarge();
  const bytes = await body();
  if (bytes.length > MAX_BODY_BYTES) throw bodyTooLarge();
  return optional && bytes.length === 0 ? {} : parseStrict(bytes);
}

export function bodyTooLarge(): ApiError {
  return new ApiError({
    code: 'BODY_TOO_LARGE',
    message: `the body has more than ${MAX_BODY_BYTES} bytes: send less at a time`,
    // What follows on this connection is the rest of a body nobody will read.
    headers: { connection: 'close' },
  });
}

/** Of a body that is JSON in UTF-8, in lower case; undefined when there is none, or with parameters that say otherwise. */
export function mediaTypeOf({ 'content-type': type }: RequestHeaders): string | undefined {
  return typeof type === 'string' ? UTF8_TYPE.exec(type.toLowerCase())?.[1] : undefined;
}

function assertMediaType(headers: RequestHeaders, taken: readonly string[], method: string): void {
  const type = headers['content-type'];
  if (typeof type !== 'string') throw unsupported('a body without Content-Type', taken, method);
  // The common case costs nothing.
  if (type !== JSON_TYPE && !taken.includes(orBlank(mediaTypeOf(headers))))
    throw unsupported(`Content-Type "${type.slice(0, 100)}"`, taken, method);
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw unsupported('a Content-Encoding', taken, method);
}

function unsupported(got: string, taken: readonly string[], method: string): ApiError {
  return new ApiError({
    code: 'MEDIA_TYPE_UNSUPPORTED',
    message: `got ${got}: send Content-Type: ${taken.join(' or ')}, UTF-8, uncompressed`,
    place: 'header',
    headers: { [method === 'PATCH' ? 'accept-patch' : 'accept-post']: taken.join(', ') },
  });
}
