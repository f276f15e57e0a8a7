/** If-Match (RFC 9110, section 13.1.1): a change names the state it is about, so that two who change the same lose neither's change. */
import { ApiError } from './errors.ts';
import type { RequestHeaders } from './route.ts';

/** @returns whether a state with this ETag is the one that is meant. It compares strongly. @throws ApiError PRECONDITION_REQUIRED */
export function ifMatch(headers: RequestHeaders): (etag: string) => boolean {
  const named = headers['if-match'];
  if (typeof named !== 'string' || named.trim() === '') {
    const message = 'If-Match is missing: send the ETag that a GET of it answers with, or * for whatever it is';
    throw new ApiError({ code: 'PRECONDITION_REQUIRED', message, place: 'header' });
  }
  const tags = named.split(',').map((one) => one.trim());
  return (etag) => tags.includes(etag) || named.trim() === '*';
}
