/**
 * The calls to S3 there are, each a function of its own, so that a bundle holds those its function may make. Every write
 * carries its SHA-256, which S3 checks, and what is read is checked against the one S3 keeps.
 */
import { createHash } from 'node:crypto';
import { orBlank } from '../../../core/values/index.ts';
import { AwsError } from '../request/errors.ts';
import { ServiceError } from '../request/service-error.ts';
import type { Answer } from '../request/signed-request.ts';
import type { S3Bucket } from './s3-request.ts';
import { childrenOf, escapeXml, invalid, parseXml, textOf, type XmlElement } from './s3-xml.ts';

export type { S3Bucket } from './s3-request.ts';

const NOT_FOUND = 404;
const CONDITION_FAILED = 412;
/** The most that S3 deletes at a time. */
const MAX_DELETED = 1_000;

export interface FoundObject {
  readonly bytes: Uint8Array;
  /** names these bytes for conditional writes */
  readonly etag: string | undefined;
}

export interface PutOptions {
  readonly contentType: string;
  /** Never left out: `fetch` would put `no-cache` into a conditional write, and S3 would keep it. */
  readonly cacheControl: string;
  /** only over the object of this ETag */
  readonly ifMatch?: string;
  /** only if nothing is there */
  readonly ifNoneMatch?: '*';
}

export interface VersionsQuery {
  readonly prefix: string;
  readonly keyMarker?: string | undefined;
  readonly versionIdMarker?: string | undefined;
  readonly maxKeys?: number | undefined;
}

export interface ObjectVersion {
  readonly key: string;
  readonly versionId: string;
}

export interface VersionsPage {
  /** by key, the newest of each first */
  readonly versions: readonly ObjectVersion[];
  readonly deleteMarkers: readonly ObjectVersion[];
  /** where to go on; undefined: that was all */
  readonly next: Required<Pick<VersionsQuery, 'keyMarker' | 'versionIdMarker'>> | undefined;
}

/** @param versionId undefined: the newest */
export async function getObject(bucket: S3Bucket, key: string, versionId?: string): Promise<FoundObject | undefined> {
  const answer = await bucket
    .send({ method: 'GET', key, query: { versionId }, headers: { 'x-amz-checksum-mode': 'ENABLED' } })
    .catch(unless(NOT_FOUND));
  if (answer === undefined) return undefined;
  const { bytes, headers } = answer;
  const sum = headers.get('x-amz-checksum-sha256');
  // A sum with a dash is one of sums: somebody uploaded the object in parts.
  if (sum !== null && !sum.includes('-') && sum !== sha256(bytes))
    throw new AwsError({ code: 'ANSWER_INVALID', message: `S3 answered "${key}" with other bytes than it keeps` });
  return { bytes, etag: headers.get('etag') ?? undefined };
}

/** 'refused': the condition did not hold, be it that an earlier try of this very write was applied and its answer lost. */
export async function putObject(
  bucket: S3Bucket,
  key: string,
  body: Uint8Array,
  { contentType, cacheControl, ifMatch, ifNoneMatch }: PutOptions,
): Promise<'stored' | 'refused'> {
  const conditions = { 'if-match': ifMatch, 'if-none-match': ifNoneMatch };
  const headers = { 'content-type': contentType, 'cache-control': cacheControl, ...conditions, ...checksum(body) };
  // What is to be replaced may be gone altogether; without that condition it is the bucket that is missing.
  const refusals = ifMatch === undefined ? [CONDITION_FAILED] : [CONDITION_FAILED, NOT_FOUND];
  const answer = await bucket.send({ method: 'PUT', key, headers, body }).catch(unless(...refusals));
  return answer === undefined ? 'refused' : 'stored';
}

/** All keys with that prefix, ascending. */
export async function listObjects(bucket: S3Bucket, prefix: string): Promise<readonly string[]> {
  const keys: string[] = [];
  const query = { 'list-type': '2', 'encoding-type': 'url', prefix };
  for (let token: string | undefined; ;) {
    const answer = await bucket.send({ method: 'GET', query: { ...query, 'continuation-token': token } });
    const root = rootOf(answer, 'ListBucketResult');
    const decoded = keyDecoder(root);
    keys.push(...childrenOf(root, 'Contents').map((one) => decoded(needed(one, 'Key'))));
    if (!isTruncated(root)) return keys;
    token = needed(root, 'NextContinuationToken');
  }
}

/** One page of what there is and was. */
export async function listVersions(bucket: S3Bucket, query: VersionsQuery): Promise<VersionsPage> {
  const { prefix, keyMarker, versionIdMarker, maxKeys } = query;
  const markers = { 'key-marker': keyMarker, 'version-id-marker': versionIdMarker, 'max-keys': maxKeys?.toString() };
  const answer = await bucket.send({
    ...{ method: 'GET', query: { versions: '', 'encoding-type': 'url', prefix, ...markers } },
  });
  const root = rootOf(answer, 'ListVersionsResult');
  const decoded = keyDecoder(root);
  const all = (name: string): ObjectVersion[] =>
    childrenOf(root, name).map((one) => ({ key: decoded(needed(one, 'Key')), versionId: needed(one, 'VersionId') }));
  const next = (): VersionsPage['next'] => ({
    keyMarker: decoded(needed(root, 'NextKeyMarker')),
    versionIdMarker: textOf(root, 'NextVersionIdMarker'),
  });
  return {
    versions: all('Version'),
    deleteMarkers: all('DeleteMarker'),
    next: isTruncated(root) ? next() : undefined,
  };
}

/** Lays a delete marker over each, in a versioned bucket. @throws AwsError ANSWER_INVALID when some are still there */
export async function deleteObjects(bucket: S3Bucket, keys: readonly string[]): Promise<void> {
  for (let from = 0; from < keys.length; from += MAX_DELETED) {
    const objects = keys.slice(from, from + MAX_DELETED).map((key) => `<Object><Key>${escapeXml(key)}</Key></Object>`);
    const xmlns = 'http://s3.amazonaws.com/doc/2006-03-01/';
    const body = Buffer.from(`<Delete xmlns="${xmlns}"><Quiet>true</Quiet>${objects.join('')}</Delete>`);
    const headers = { 'content-type': 'application/xml', ...checksum(body) };
    const answer = await bucket.send({ method: 'POST', query: { delete: '' }, headers, body });
    const [first, ...more] = childrenOf(rootOf(answer, 'DeleteResult'), 'Error');
    if (first === undefined) continue;
    const why = `${orBlank(textOf(first, 'Key'))} (${orBlank(textOf(first, 'Code'))})`;
    throw new AwsError({
      code: 'ANSWER_INVALID',
      message: `S3 did not delete ${more.length + 1} objects: ${why}`,
    });
  }
}

/** undefined for answers of these statuses; everything else stays an error. */
function unless(...statuses: readonly number[]): (error: unknown) => undefined {
  return (error) => {
    if (error instanceof ServiceError && error.status !== undefined && statuses.includes(error.status))
      return undefined;
    throw error;
  };
}

function checksum(body: Uint8Array): Record<string, string> {
  return { 'x-amz-sdk-checksum-algorithm': 'SHA256', 'x-amz-checksum-sha256': sha256(body) };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

/** S3 may answer 200 first and find out that it failed after. */
function rootOf({ bytes }: Answer, name: string): XmlElement {
  const root = parseXml(bytes);
  if (root.name === name) return root;
  throw invalid(`<${name}> was asked for, <${root.name}> came: ${orBlank(textOf(root, 'Code'))}`);
}

function needed(element: XmlElement, name: string): string {
  const text = textOf(element, name);
  if (text === undefined) throw invalid(`<${element.name}> has no <${name}>`);
  return text;
}

function isTruncated(root: XmlElement): boolean {
  const text = needed(root, 'IsTruncated');
  if (text !== 'true' && text !== 'false') throw invalid(`<IsTruncated> is "${text}"`);
  return text === 'true';
}

/** Asked to encode keys, for XML cannot hold them all, S3 says whether it did. A plus is a space. */
function keyDecoder(root: XmlElement): (key: string) => string {
  if (textOf(root, 'EncodingType') !== 'url') return (key) => key;
  return (key) => {
    try {
      return decodeURIComponent(key.replaceAll('+', ' '));
    } catch {
      throw invalid(`the key "${key}" is not URL-encoded`);
    }
  };
}
