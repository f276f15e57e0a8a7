/** Signatures equal those of AWS's published test suite and of AWS's own signer. */
import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createClient } from '../../../../clients/sdk/index.ts';
import { sigV4Headers } from '../../../../clients/sdk/connection/sigv4.ts';

const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const at = new Date('2015-08-30T12:36:00Z');

it.each([
  ['get-vanilla', 'GET', '/', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31'],
  [
    'get-vanilla-query-order-key',
    'GET',
    '/?Param1=value2&Param1=Value1',
    'eedbc4e291e521cf13422ffca22be7d2eb8146eecf653089df300a15b2382bd1',
  ],
  ['post-vanilla', 'POST', '/', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b'],
])('%s', async (_, method, path, signature) => {
  const options = { region: 'us-east-1', service: 'service', credentials: () => credentials };
  const request = { method, url: `https://example.amazonaws.com${path}`, body: '', at };
  const { authorization } = await sigV4Headers(options, request);
  expect(authorization).toContain(`Signature=${signature}`);
});

/** As AWS's signer wants its hash. */
class Sha256 {
  private readonly hash;
  constructor(secret?: unknown) {
    this.hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string);
  }
  update(data: Uint8Array): void {
    this.hash.update(data);
  }
  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }
  reset(): void {}
}

it('agrees with the signer of the AWS SDK on any path, query and body', async () => {
  // Not `.` and `../../..`, which no URL keeps as segments; not `__proto__`, which AWS's signer loses by assigning it.
  const word = fc
    .string({ unit: 'grapheme', minLength: 1, maxLength: 12 })
    .filter((text) => !['.', '../../..', '__proto__'].includes(text));
  const session = fc.option(fc.constant('a/session+token=='), { nil: undefined });
  const check = async (id: string, query: Record<string, string>, body: string, sessionToken?: string) => {
    const path = `/stage/v1/entities/${encodeURIComponent(id)}`;
    const url = new URL(`https://api.example.com${path}?${new URLSearchParams(query).toString()}`);
    const own = { ...credentials, ...(sessionToken === undefined ? {} : { sessionToken }) };
    const ours = await sigV4Headers(
      { region: 'eu-central-1', credentials: () => own },
      { method: 'POST', url: url.href, body, at },
    );
    const request = {
      method: 'POST',
      protocol: 'https:',
      hostname: url.host,
      path,
      query,
      headers: { host: url.host },
      body,
    };
    const theirs = new SignatureV4({
      service: 'execute-api',
      region: 'eu-central-1',
      credentials: own,
      sha256: Sha256,
      applyChecksum: false,
    });
    expect(ours['authorization']).toBe((await theirs.sign(request, { signingDate: at })).headers['authorization']);
  };
  await fc.assert(
    fc.asyncProperty(word, fc.dictionary(word, word, { noNullPrototype: true }), fc.string(), session, check),
  );
});

it('signs what the client sends, each request anew', async () => {
  const sent: Headers[] = [];
  const api: typeof fetch = async (_, init) => {
    sent.push(new Headers(init?.headers));
    return Response.json({ status: 'ok' });
  };
  let asked = 0;
  const renewed = async () => ({ ...credentials, sessionToken: `t${(asked += 1)}` });
  const client = createClient({
    url: 'https://api.example.com',
    sigv4: { region: 'us-east-1', credentials: renewed },
    fetch: api,
  });
  await client.health();
  await client.health();
  expect(sent.map((headers) => headers.get('x-amz-security-token'))).toEqual(['t1', 't2']);
  expect(sent[0]?.get('authorization')).toMatch(
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/us-east-1\/execute-api/,
  );
});
