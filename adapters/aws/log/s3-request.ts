/** A request to S3: where its bucket is, how its key is spelled, and what S3 says when it refuses. */
import { defined, orBlank } from '../../../core/values/index.ts';
import { AwsError } from '../request/errors.ts';
import type { Refusal } from '../request/service-error.ts';
import { ask, hostOf, ownEndpoint, type Answer, type Connection } from '../request/signed-request.ts';
import { parseXml, textOf } from './s3-xml.ts';

export interface S3Request {
  readonly method: 'GET' | 'PUT' | 'POST';
  /** undefined: the bucket itself */
  readonly key?: string;
  /** what is undefined is left out, here and in the headers */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: Uint8Array;
}

export interface S3Bucket {
  readonly name: string;
  /** For `s3-bucket.ts`, whose functions are the calls there are. @throws ServiceError when S3 refuses or does not answer */
  readonly send: (request: S3Request) => Promise<Answer>;
}

export interface S3BucketOptions extends Connection {
  readonly name: string;
}

export function createS3Bucket({ name, ...options }: S3BucketOptions): S3Bucket {
  const env = { ...options.env };
  return {
    name,
    send: async ({ method, key, query, headers, body }) =>
      ask(
        { ...options, env },
        {
          ...{ service: 'S3', what: `${method} ${name}/${orBlank(key)}`, refusal, method },
          ...{ url: urlOf(bucketUrl(name, env), key, query), headers: present(headers) },
          ...defined({ body }),
        },
      ),
  };
}

/** An endpoint of one's own may have no name for each bucket; and the certificate of AWS holds for no name with a dot. */
function bucketUrl(name: string, env: NodeJS.ProcessEnv): string {
  const endpoint = ownEndpoint(env, 'S3');
  if (endpoint !== undefined) return `${endpoint}/${name}`;
  const host = hostOf(env, 'S3');
  return name.includes('.') ? `https://${host}/${name}` : `https://${name}.${host}`;
}

/** @throws AwsError ITEM_KEY_INVALID for a key that would name another object: URLs have no `.` and `..` */
function urlOf(bucket: string, key = '', query: S3Request['query'] = {}): string {
  if (/(^|\/)\.\.?(\/|$)/.test(key))
    throw new AwsError({
      code: 'ITEM_KEY_INVALID',
      message: `the key "${key}" has a part "." or "..": name it otherwise`,
    });
  const path = key.split('/').map(encodeURIComponent).join('/');
  const search = Object.entries(present(query)).map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  return `${bucket}/${path}${search.length === 0 ? '' : `?${search.join('&')}`}`;
}

function present(values: Readonly<Record<string, string | undefined>> = {}): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** A proxy between here and S3 may refuse in words of its own. */
function refusal(body: Uint8Array): Refusal {
  try {
    const root = parseXml(body);
    return root.name === 'Error' ? { serviceCode: textOf(root, 'Code'), detail: textOf(root, 'Message') } : {};
  } catch {
    return {};
  }
}
