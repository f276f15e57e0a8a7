/**
 * The body of a request as a JSON value: media type and size are checked before a byte is read, and the size again before
 * a byte is parsed. It knows no schema.
 */
import { parseStrict, type JsonValue } from '../core/canonical/index.ts';
import { ApiError } from './errors.ts';
import type { ApiRequest, RequestHeaders } from './route.ts';

/** 1 MiB. An event or change-set has its own, smaller limit in core: what fits into one entry. */
export const MAX_BODY_BYTES = 1_048_576;

const JSON_TYPE = 'application/json';
const UTF8_JSON = /^application\/json[ \t]*;[ \t]*charset=(?:utf-8|"utf-8")$/;

/**
 * @param optional an absent body counts as `{}`
 * @throws ApiError MEDIA_TYPE_UNSUPPORTED | BODY_TOO_LARGE, CanonicalError NOT_I_JSON | TOO_DEEP
 */
export async function readBody({ headers, body }: ApiRequest, optional: boolean): Promise<JsonValue> {
  if (optional && headers['content-type'] === undefined) {
    if ((await body()).length === 0) return {};
    throw unsupported('a body without Content-Type');
  }
  assertMediaType(headers);
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

function assertMediaType(headers: RequestHeaders): void {
  const type = headers['content-type'];
  if (typeof type !== 'string') throw unsupported('a body without Content-Type');
  if (type !== JSON_TYPE && !isUtf8Json(type.toLowerCase())) throw unsupported(`Content-Type "${type.slice(0, 100)}"`);
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') throw unsupported('a Content-Encoding');
}

function isUtf8Json(type: string): boolean {
  return type.trim() === JSON_TYPE || UTF8_JSON.test(type.trim());
}

function unsupported(got: string): ApiError {
  return new ApiError({
    code: 'MEDIA_TYPE_UNSUPPORTED',
    message: `got ${got}: send Content-Type: ${JSON_TYPE}, UTF-8, uncompressed`,
    place: 'header',
    headers: { 'accept-post': JSON_TYPE },
  });
}
