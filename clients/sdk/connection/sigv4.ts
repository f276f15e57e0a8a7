/**
 * Signs requests with AWS Signature Version 4, for an API behind an IAM authorizer: what a gateway needs to know who calls,
 * without the AWS SDK. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHmac, hash } from 'node:crypto';
import { defined } from '../../../core/values/index.ts';

export interface AwsCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface SigV4Options {
  /** of the API, e.g. eu-central-1 */
  readonly region: string;
  /** asked before every request: temporary ones are renewed */
  readonly credentials: () => AwsCredentials | Promise<AwsCredentials>;
  /** default: `execute-api`, an API Gateway */
  readonly service?: string;
}

interface RequestToSign {
  readonly method: string;
  readonly url: string;
  /** empty: no body */
  readonly body: string;
  readonly at: Date;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** @returns the headers to send besides the request's own */
export async function sigV4Headers(options: SigV4Options, request: RequestToSign): Promise<Record<string, string>> {
  const { accessKeyId, secretAccessKey, sessionToken } = await options.credentials();
  const time = request.at.toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const day = time.slice(0, 8);
  const { region, service = 'execute-api' } = options;
  const scope = `${day}/${region}/${service}/aws4_request`;
  const amz = { 'x-amz-date': time, ...defined({ 'x-amz-security-token': sessionToken }) };
  const { canonical, signedHeaders } = canonicalRequest(request, amz);
  const toSign = [ALGORITHM, time, scope, hash('sha256', canonical)].join('\n');
  const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
    (secret, text) => createHmac('sha256', secret).update(text).digest(),
    `AWS4${secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  const credential = `Credential=${accessKeyId}/${scope}`;
  return {
    ...amz,
    authorization: `${ALGORITHM} ${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`,
  };
}

function canonicalRequest(
  { method, url, body }: RequestToSign,
  amz: Readonly<Record<string, string>>,
): { readonly canonical: string; readonly signedHeaders: string } {
  const { host, pathname, searchParams } = new URL(url);
  const headers = Object.entries({ host, ...amz }).sort(byCode);
  const query = [...searchParams].map(([name, value]): [string, string] => [escape(name), escape(value)]).sort(byCode);
  const signedHeaders = headers.map(([name]) => name).join(';');
  const canonical = [
    method,
    pathname.split('/').map(escape).join('/'), // as sent and once more: every service but S3 wants it so
    query.map((pair) => pair.join('=')).join('&'),
    ...headers.map((header) => header.join(':')),
    '',
    signedHeaders,
    hash('sha256', body),
  ].join('\n');
  return { canonical, signedHeaders };
}

/** By code unit; equal names by value. */
function byCode([nameA, valueA]: readonly [string, string], [nameB, valueB]: readonly [string, string]): number {
  const [a, b] = nameA === nameB ? [valueA, valueB] : [nameA, nameB];
  return a < b ? -1 : a > b ? 1 : 0;
}

/** RFC 3986: all but the unreserved characters. */
function escape(text: string): string {
  return encodeURIComponent(text).replaceAll(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
}
