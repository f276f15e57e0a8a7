/** If-Match (RFC 9110, section 13.1.1): a change names the state it is about, so that two who change the same lose neither's change. */
import { ApiError } from './errors.ts';
import type { EntityView } from '../core/system/index.ts';
import type { RequestHeaders } from './route.ts';

const ENTITY_TAG = /^"v(0|[1-9][0-9]{0,14})(?:\.[0-9a-f]{64})?"$/;

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

/** ETag of an entity: the version of its document, and the hash of its newest entry, of which the document is a function. */
export function entityTag({ version, head }: Pick<EntityView, 'version' | 'head'>): string {
  return `"v${version}.${head.hash}"`;
}

/**
 * Whether a document of this version is the one that was read. Of an entity's ETag its version counts, because other entries of the chain
 * leave the document as it is. undefined: nothing is said of it. @throws ApiError REQUEST_INVALID
 */
export function ifDocument(headers: RequestHeaders): ((version: number) => boolean) | undefined {
  const named = headers['if-match'];
  if (named === undefined) return undefined;
  const tags = typeof named === 'string' ? named.split(',').map((one) => one.trim()) : [];
  if (tags.length === 1 && tags[0] === '*') return (version) => version > 0;
  const versions = tags.map((tag) => ENTITY_TAG.exec(tag)?.[1]);
  if (versions.length === 0 || versions.includes(undefined)) {
    const detail = 'must be the ETag of an entity, or *';
    const problems = [{ pointer: '/if-match', detail }];
    throw new ApiError({ code: 'REQUEST_INVALID', message: `header If-Match ${detail}`, problems, place: 'header' });
  }
  return (version) => versions.includes(String(version));
}
