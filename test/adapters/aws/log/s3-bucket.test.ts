/**
 * Our S3 client without S3: what it sends, signed as S3 computes it again; what it makes of AWS's documented answers; what it
 * tries again, how often, and what it calls the failure in the end.
 */
import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { asUnavailable } from '../../../../adapters/aws/http/unavailable.ts';
import {
  deleteObjects,
  getObject,
  listObjects,
  listVersions,
  putObject,
  type S3Bucket,
} from '../../../../adapters/aws/log/s3-bucket.ts';
import { createS3Bucket, type S3BucketOptions } from '../../../../adapters/aws/log/s3-request.ts';
import { escapeXml, parseXml } from '../../../../adapters/aws/log/s3-xml.ts';
import type { ServiceError } from '../../../../adapters/aws/request/service-error.ts';

const ID = 'AKIAIOSFODNN7EXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const ENV = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: ID, AWS_SECRET_ACCESS_KEY: SECRET };
const PUT = { contentType: 'text/plain', cacheControl: 'no-cache' };
const BODY = Buffer.from('body');

interface Sent {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

type Answer = Response | Error;

/** A bucket whose S3 gives these answers, one after the other, and the last one for ever. */
function bucketOf(answers: readonly (() => Answer)[], options: Partial<S3BucketOptions> = {}) {
  const sent: Sent[] = [];
  const waited: number[] = [];
  const bucket: S3Bucket = createS3Bucket({
    ...{ name: 'log', env: ENV, attempts: 4, timeoutMs: 5_000 },
    fetch: async (input, init) => {
      const { method = 'GET', headers, body } = init ?? {};
      const bytes = body instanceof Uint8Array ? body : new Uint8Array();
      sent.push({
        method,
        url: new URL(input instanceof Request ? input.url : input),
        headers: new Headers(headers),
        body: bytes,
      });
      const answer = answers[Math.min(sent.length, answers.length) - 1]?.() ?? new Error('no answer');
      if (answer instanceof Error) throw answer;
      return answer;
    },
    sleep: async (ms) => void waited.push(ms),
    ...options,
  });
  return { bucket, sent, waited };
}

const ok = (body: string | Uint8Array = '', headers: Record<string, string> = {}) => {
  return () => new Response(Buffer.from(body), { headers });
};
const failed = (status: number, code?: string) => () =>
  new Response(code === undefined ? null : `<Error><Code>${code}</Code><Message>said so</Message></Error>`, { status });
const sha256 = (bytes: Uint8Array | string, encoding: 'hex' | 'base64' = 'base64') =>
  createHash('sha256').update(bytes).digest(encoding);

/** As S3 does it, from what arrived: Signature Version 4, the path encoded once. */
function signatureOf({ method, url, headers }: Omit<Sent, 'body'>, signed: string): string {
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(/[!'()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`);
  const date = headers.get('x-amz-date') ?? '';
  const scope = `${date.slice(0, 8)}/us-east-1/s3/aws4_request`;
  const query = [...url.searchParams].map(([name, value]) => `${encode(name)}=${encode(value)}`).sort();
  const named = signed.split(';').map((name) => `${name}:${name === 'host' ? url.host : (headers.get(name) ?? '')}\n`);
  const path = url.pathname.split('/').map((part) => encode(decodeURIComponent(part)));
  const canonical = [method, path.join('/'), query.join('&'), named.join(''), signed];
  const request = sha256([...canonical, headers.get('x-amz-content-sha256')].join('\n'), 'hex');
  const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text).digest();
  const key = ['us-east-1', 's3', 'aws4_request'].reduce(hmac, hmac(`AWS4${SECRET}`, date.slice(0, 8)));
  return hmac(key, ['AWS4-HMAC-SHA256', date, scope, request].join('\n')).toString('hex');
}

function expectSigned(sent: Sent | undefined, headers: readonly string[]): void {
  if (sent === undefined) throw new Error('nothing was sent');
  const authorization = sent.headers.get('authorization') ?? '';
  const [, signed = '', signature] = /SignedHeaders=([^,]+), Signature=([0-9a-f]{64})$/.exec(authorization) ?? [];
  expect(authorization).toContain(`AWS4-HMAC-SHA256 Credential=${ID}/`);
  expect(signed.split(';')).toEqual(expect.arrayContaining(['host', 'x-amz-content-sha256', 'x-amz-date', ...headers]));
  expect(signature).toBe(signatureOf(sent, signed));
  expect(sent.headers.get('x-amz-content-sha256')).toBe(sha256(sent.body, 'hex'));
}

describe('what is sent', () => {
  it('the signature of these tests is that of the example in the documentation of S3', () => {
    const url = new URL('https://examplebucket.s3.amazonaws.com/?lifecycle');
    const headers = new Headers({ 'x-amz-date': '20130524T000000Z', 'x-amz-content-sha256': sha256('', 'hex') });
    expect(signatureOf({ method: 'GET', url, headers }, 'host;x-amz-content-sha256;x-amz-date')).toBe(
      'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
    );
  });

  it.each([
    ['ckpt/00000000000000000007', '/ckpt/00000000000000000007'],
    ['tile/entries/x001/x234/067.p/8', '/tile/entries/x001/x234/067.p/8'],
    ['a b+c', '/a%20b%2Bc'],
    ["a(1)!*'", "/a(1)!*'"],
    ['50%2F/ü?#&=;@:$,', '/50%252F/%C3%BC%3F%23%26%3D%3B%40%3A%24%2C'],
    ['a//b', '/a//b'],
  ])('is signed under the key %s', async (key, path) => {
    const { bucket, sent } = bucketOf([ok()]);
    await getObject(bucket, key, 'v+/=1');
    await putObject(bucket, key, BODY, { ...PUT, ifMatch: '"e"' });
    expect(sent.map(({ url }) => url.pathname)).toEqual([path, path]);
    expectSigned(sent[0], ['x-amz-checksum-mode']);
    expectSigned(sent[1], ['cache-control', 'if-match', 'x-amz-checksum-sha256']);
    expect(sent[0]?.url.search).toBe('?versionId=v%2B%2F%3D1');
    expect(sent[1]?.headers.get('x-amz-checksum-sha256')).toBe(sha256(BODY));
    expect(sent[1]?.headers.get('content-type')).toBe('text/plain');
  });

  it.each(['../..', 'a/../b', './a', 'a/.'])('nothing for the key %s, which as a URL would be another', async (key) => {
    const { bucket, sent } = bucketOf([ok()]);
    await expect(getObject(bucket, key)).rejects.toMatchObject({ code: 'ITEM_KEY_INVALID' });
    expect(sent).toEqual([]);
  });

  it.each([
    [{}, 'log', 'https://log.s3.us-east-1.amazonaws.com/k'],
    [{}, 'log.example', 'https://s3.us-east-1.amazonaws.com/log.example/k'],
    [{ AWS_REGION: 'cn-north-1' }, 'log', 'https://log.s3.cn-north-1.amazonaws.com.cn/k'],
    [{ AWS_ENDPOINT_URL: 'http://127.0.0.1:1/' }, 'log', 'http://127.0.0.1:1/log/k'],
    [{ AWS_ENDPOINT_URL: 'http://a', AWS_ENDPOINT_URL_S3: 'http://b' }, 'log', 'http://b/log/k'],
  ])('goes where the environment %j says', async (env, name, url) => {
    const { bucket, sent } = bucketOf([ok()], { name, env: { ...ENV, ...env } });
    await getObject(bucket, 'k');
    expect(sent[0]?.url.href).toBe(url);
  });

  it('with the credentials there are, or not at all', async () => {
    const { bucket, sent } = bucketOf([ok()], { env: { ...ENV, AWS_SESSION_TOKEN: 'token' } });
    await getObject(bucket, 'k');
    expectSigned(sent[0], ['x-amz-security-token']);
    for (const missing of Object.keys(ENV)) {
      const { bucket: without } = bucketOf([ok()], { env: { ...ENV, [missing]: undefined } });
      const refused = await getObject(without, 'k').catch((error: unknown) => error);
      const message = `the environment has no ${missing}: set it to reach S3`;
      expect(refused).toMatchObject({ code: 'ENVIRONMENT_INCOMPLETE', message });
    }
  });
});

describe('objects', () => {
  it('are read with their ETag, or are not there', async () => {
    const { bucket } = bucketOf([ok('bytes', { etag: '"e"' }), failed(404, 'NoSuchKey')]);
    expect(await getObject(bucket, 'k')).toEqual({ bytes: new Uint8Array(Buffer.from('bytes')), etag: '"e"' });
    expect(await getObject(bucket, 'k')).toBeUndefined();
  });

  it('are what S3 keeps, or refused', async () => {
    const sum = (value: string) => ({ 'x-amz-checksum-sha256': value });
    const parts = `${sha256('other')}-2`;
    const { bucket } = bucketOf([ok('a', sum(sha256('a'))), ok('a', sum(parts)), ok('a', sum(sha256('b')))]);
    await getObject(bucket, 'k');
    await getObject(bucket, 'k');
    await expect(getObject(bucket, 'k')).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
  });

  it.each([
    ['nothing', {}, 412, 'refused'],
    ['nothing', {}, 404, 'S3_REFUSED'],
    ['absence', { ifNoneMatch: '*' }, 412, 'refused'],
    ['absence', { ifNoneMatch: '*' }, 404, 'S3_REFUSED'],
    ['an ETag', { ifMatch: '"e"' }, 412, 'refused'],
    ['an ETag', { ifMatch: '"e"' }, 404, 'refused'],
    ['an ETag', { ifMatch: '"e"' }, 409, 'S3_REFUSED'],
  ] as const)('are written on condition of %s: %j answered %i is %s', async (_, condition, status, expected) => {
    const { bucket, sent } = bucketOf([failed(status, 'Some')]);
    const put = putObject(bucket, 'k', BODY, { ...PUT, ...condition });
    expect(await put.catch((error: unknown) => (error as ServiceError).code)).toBe(expected);
    expect(sent).toHaveLength(1);
  });

  it('a write that is sent again after its answer was lost is refused', async () => {
    const { bucket, sent } = bucketOf([() => new TypeError('fetch failed'), failed(412, 'PreconditionFailed')]);
    expect(await putObject(bucket, 'k', BODY, { ...PUT, ifNoneMatch: '*' })).toBe('refused');
    expect(sent.map(({ headers }) => headers.get('if-none-match'))).toEqual(['*', '*']);
  });
});

describe('failures', () => {
  it.each([
    ['no connection', () => Object.assign(new TypeError('fetch failed'), { cause: new Error('ECONNREFUSED') })],
    ['a timeout', () => new DOMException('The operation was aborted due to timeout', 'TimeoutError')],
    ['500', failed(500, 'InternalError')],
    ['503', failed(503, 'SlowDown')],
    ['502 of something in between', failed(502)],
    ['429', failed(429)],
    ['a body that S3 waited for', failed(400, 'RequestTimeout')],
  ])('%s: tried four times, then unavailable', async (_, answer) => {
    const { bucket, sent, waited } = bucketOf([answer]);
    const error = await getObject(bucket, 'k').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'S3_UNAVAILABLE' });
    expect(asUnavailable(error)).toMatchObject({ code: 'STORE_UNAVAILABLE', cause: error });
    expect(sent).toHaveLength(4);
    expect(waited).toHaveLength(3);
    for (const [i, ms] of waited.entries()) expect(ms).toBeLessThanOrEqual(500 * 2 ** i);
  });

  it('pass when a later try is answered', async () => {
    const { bucket, sent } = bucketOf([failed(503, 'SlowDown'), () => new TypeError('x'), failed(500), ok('a')]);
    expect((await getObject(bucket, 'k'))?.bytes).toEqual(new Uint8Array(Buffer.from('a')));
    for (const one of sent) expectSigned(one, []);
  });

  it.each([
    ['403', failed(403, 'AccessDenied'), 'S3 refused GET log/k: HTTP 403: AccessDenied: said so'],
    ['301', failed(301, 'PermanentRedirect'), 'S3 refused GET log/k: HTTP 301: PermanentRedirect: said so'],
    ['501', failed(501, 'NotImplemented'), 'S3 refused GET log/k: HTTP 501: NotImplemented: said so'],
    ['400 without words', failed(400), 'S3 refused GET log/k: HTTP 400'],
    ['400 that is no XML', () => new Response('<html><br></html>', { status: 400 }), 'S3 refused GET log/k: HTTP 400'],
  ])('%s: tried once, in the words of S3', async (_, answer, message) => {
    const { bucket, sent } = bucketOf([answer]);
    const error = await getObject(bucket, 'k').catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'S3_REFUSED', message });
    expect(asUnavailable(error)).toBeUndefined();
    expect(sent).toHaveLength(1);
  });

  it('a try that is not answered in time is given up', async () => {
    let signals = 0;
    const hang: typeof fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        signals += 1;
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
      });
    const { bucket } = bucketOf([], { fetch: hang, timeoutMs: 5 });
    await expect(getObject(bucket, 'k')).rejects.toMatchObject({ code: 'S3_UNAVAILABLE' });
    expect(signals).toBe(4);
  });
});

/** From the API reference of ListObjectsV2, its second page made of the first. */
const LISTED = (more: string, ...keys: string[]): string => `<?xml version="1.0" encoding="UTF-8"?>
<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">
  <Name>bucket</Name><Prefix/><KeyCount>205</KeyCount><MaxKeys>1000</MaxKeys>${more}
  ${keys.map((key) => `<Contents><Key>${key}</Key><ETag>&quot;70ee1738b6b21e2c8a43f3a5ab0eee71&quot;</ETag></Contents>`).join('\n')}
</ListBucketResult>`;

/** From the API reference of ListObjectVersions. */
const VERSIONS = `<?xml version="1.0" encoding="UTF-8"?>

<ListVersionsResult xmlns="http://s3.amazonaws.com/doc/2006-03-01">
    <Name>bucket</Name>
    <Prefix>my</Prefix>
    <KeyMarker/>
    <VersionIdMarker/>
    <MaxKeys>5</MaxKeys>
    <EncodingType>url</EncodingType>
    <IsTruncated>true</IsTruncated>
    <NextKeyMarker>my+image%2B%26.jpg</NextKeyMarker>
    <NextVersionIdMarker>03jpff543dhffds434rfdsFDN943fdsFkdmqnh892</NextVersionIdMarker>
    <Version>
        <Key>my+image%2B%26.jpg</Key>
        <VersionId>3/L4kqtJl40Nr8X8gdRQBpUMLUo</VersionId>
        <IsLatest>true</IsLatest>
         <LastModified>2009-10-12T17:50:30.000Z</LastModified>
        <ETag>"fba9dede5f27731c9771645a39863328"</ETag>
        <Size>434234</Size>
        <StorageClass>STANDARD</StorageClass>
        <Owner>
            <ID>75aa57f09aa0c8caeab4f8c24e99d10f8e7faeebf76c078efc7c6caea54ba06a</ID>
            <DisplayName>mtd@amazon.com</DisplayName>
        </Owner>
    </Version>
    <DeleteMarker>
        <Key>my-second-image.jpg</Key>
        <VersionId>03jpff543dhffds434rfdsFDN943fdsFkdmqnh892</VersionId>
        <IsLatest>true</IsLatest>
        <LastModified>2009-11-12T17:50:30.000Z</LastModified>
    </DeleteMarker>
    <Version>
        <Key>my-second-image.jpg</Key>
        <VersionId>QUpfdndhfd8438MNFDN93jdnJFkdmqnh893</VersionId>
        <IsLatest>false</IsLatest>
    </Version>
</ListVersionsResult>`;

describe('listings', () => {
  it('go on until S3 says that it was all', async () => {
    const first = '<IsTruncated>true</IsTruncated><NextContinuationToken>1ueGc/+=</NextContinuationToken>';
    const { bucket, sent } = bucketOf([
      ok(LISTED(first, 'a&amp;&lt;b&gt;&#x20;&#228;+%41')),
      ok(LISTED('<IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>', 'b+%C3%BC%2B/c')),
    ]);
    expect(await listObjects(bucket, 'a b&')).toEqual(['a&<b> ä+%41', 'b ü+/c']);
    expect(sent.map(({ url }) => url.pathname + url.search)).toEqual([
      '/?list-type=2&encoding-type=url&prefix=a%20b%26',
      '/?list-type=2&encoding-type=url&prefix=a%20b%26&continuation-token=1ueGc%2F%2B%3D',
    ]);
    for (const one of sent) expectSigned(one, []);
  });

  it('of versions tell the newest of each first, delete markers, and where to go on', async () => {
    const { bucket, sent } = bucketOf([ok(VERSIONS)]);
    const second = 'my-second-image.jpg';
    const hidden = '03jpff543dhffds434rfdsFDN943fdsFkdmqnh892';
    expect(await listVersions(bucket, { prefix: 'my', keyMarker: 'a/b', versionIdMarker: 'v', maxKeys: 5 })).toEqual({
      versions: [
        { key: 'my image+&.jpg', versionId: '3/L4kqtJl40Nr8X8gdRQBpUMLUo' },
        { key: second, versionId: 'QUpfdndhfd8438MNFDN93jdnJFkdmqnh893' },
      ],
      deleteMarkers: [{ key: second, versionId: hidden }],
      next: { keyMarker: 'my image+&.jpg', versionIdMarker: hidden },
    });
    expect(sent[0]?.url.search).toBe(
      '?versions=&encoding-type=url&prefix=my&key-marker=a%2Fb&version-id-marker=v&max-keys=5',
    );
    expectSigned(sent[0], []);
  });

  it.each([
    ['no listing', '<Error><Code>InternalError</Code></Error>'],
    ['nothing', ''],
    ['no end', LISTED('')],
    ['another end', LISTED('<IsTruncated>yes</IsTruncated>')],
    ['more, but not where', LISTED('<IsTruncated>true</IsTruncated>')],
    ['an object without a key', LISTED('<IsTruncated>false</IsTruncated><Contents/>')],
    ['a key that is not encoded', LISTED('<IsTruncated>false</IsTruncated><EncodingType>url</EncodingType>', '%')],
  ])('with %s are no answer', async (_, xml) => {
    await expect(listObjects(bucketOf([ok(xml)]).bucket, '')).rejects.toMatchObject({ code: 'ANSWER_INVALID' });
  });
});

describe('deleting', () => {
  it('names all in one request, summed up', async () => {
    const { bucket, sent } = bucketOf([ok('<DeleteResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"/>')]);
    await deleteObjects(bucket, ['a', 'b&<c>\n']);
    const [one] = sent;
    expect([one?.method, one?.url.search]).toEqual(['POST', '?delete=']);
    expect(Buffer.from(one?.body ?? []).toString()).toBe(
      '<Delete xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Quiet>true</Quiet>' +
        '<Object><Key>a</Key></Object><Object><Key>b&#38;&#60;c&#62;&#10;</Key></Object></Delete>',
    );
    expect(one?.headers.get('x-amz-checksum-sha256')).toBe(sha256(one?.body ?? ''));
    expectSigned(one, ['x-amz-checksum-sha256']);
  });

  it('asks for nothing when there is nothing, and twice for more than S3 takes', async () => {
    const { bucket, sent } = bucketOf([ok('<DeleteResult/>')]);
    await deleteObjects(bucket, []);
    expect(sent).toHaveLength(0);
    await deleteObjects(
      bucket,
      Array.from({ length: 1_001 }, (_, i) => `${i}`),
    );
    expect(sent.map(({ body }) => Buffer.from(body).toString().split('<Key>').length - 1)).toEqual([1_000, 1]);
  });

  it('tells what is still there', async () => {
    const error = '<Error><Key>sample2.txt</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>';
    const { bucket } = bucketOf([ok(`<DeleteResult>${error}${error}</DeleteResult>`)]);
    await expect(deleteObjects(bucket, ['sample2.txt'])).rejects.toMatchObject({
      ...{ code: 'ANSWER_INVALID', message: 'S3 did not delete 2 objects: sample2.txt (AccessDenied)' },
    });
  });
});

describe('the XML of S3', () => {
  it('is elements, text and entities', () => {
    const owner = `<Owner xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type='CanonicalUser'><ID>1</ID></Owner>`;
    const root = parseXml(Buffer.from(`<?xml version="1.0"?>\n<A>x${owner}<B />&lt;&#65;&#x1F600;&apos;\n</A>\n`));
    expect(root).toEqual({
      ...{ name: 'A', text: "x<A😀'\n" },
      children: [
        { name: 'Owner', text: '', children: [{ name: 'ID', text: '1', children: [] }] },
        { name: 'B', text: '', children: [] },
      ],
    });
    const text = `<&>"'\r\n\tü`;
    expect(parseXml(Buffer.from(`<A>${escapeXml(text)}</A>`)).text).toBe(text);
  });

  it.each([
    ...['', 'text', '<A>', '</A>', '<A></B>', '<A><B></A></B>', '<A/><B/>', '<A/>x', '<A></A></A>', '</A/>', '<A'],
    ...['<A>&nbsp;</A>', '<A>&</A>', '<A>&#1114112;</A>', '<A b=c/>', '<A "b"/>', '<1/>'],
    ...['<!DOCTYPE A><A/>', '<A><!-- --></A>', '<A><![CDATA[x]]></A>', '<A><?x?></A>'],
  ])('is not %j', (xml) => {
    expect(() => parseXml(Buffer.from(xml))).toThrow(expect.objectContaining({ code: 'ANSWER_INVALID' }));
  });

  it('is not what is no UTF-8', () => {
    expect(() => parseXml(Buffer.from([0x3c, 0x41, 0x3e, 0xff]))).toThrow('UTF-8');
  });
});
