/** KMS without the SDK: what is sent, what is made of the answers, what is tried again; and the root signer on it. */
import { generateKeyPairSync, sign } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { createCallCounter } from '../../../../adapters/aws/wiring/count-calls.ts';
import { asUnavailable } from '../../../../adapters/aws/http/unavailable.ts';
import { createKmsFieldKeys } from '../../../../adapters/aws/keys/kms-field-keys.ts';
import { openKmsRootSigner } from '../../../../adapters/aws/keys/kms-root-signer.ts';
import { getPublicKey, createKms, type Kms } from '../../../../adapters/aws/keys/kms.ts';

const ENV = { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'AKID', AWS_SECRET_ACCESS_KEY: 'secret' };
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const der = (key = publicKey): string => key.export({ format: 'der', type: 'spki' }).toString('base64');
const options = { keyId: 'alias/root', origin: 'ledger.test/main' };

type Input = Readonly<Record<string, string>>;
type Operations = Readonly<Record<string, (input: Input) => unknown>>;

/** KMS as it answers over HTTP, and what it was sent. A number is a status, with the error it stands for. */
function kmsOf(operations: Operations, env: NodeJS.ProcessEnv = ENV) {
  const sent: { readonly url: string; readonly headers: Headers; readonly operation: string; readonly input: Input }[] =
    [];
  const fetcher = vi.fn(async (url: string | URL | Request, init?: RequestInit) => {
    const headers = new Headers(init?.headers);
    const operation = (headers.get('x-amz-target') ?? '').replace('TrentService.', '');
    const input = JSON.parse((init?.body as Buffer).toString()) as Input;
    sent.push({ url: (url as URL).href, headers, operation, input });
    const answer = operations[operation]?.(input);
    return answer instanceof Response ? answer : Response.json(answer);
  });
  const kms = createKms({ env, attempts: 4, timeoutMs: 5_000, fetch: fetcher, sleep: async () => {} });
  return { kms, sent };
}

const failed = (status: number, type: string) => (): Response =>
  Response.json({ __type: `com.amazonaws.kms#${type}`, message: 'said so' }, { status });

const bytes = (text = ''): Uint8Array => Buffer.from(text, 'base64');
const signing: Operations = {
  GetPublicKey: () => ({ PublicKey: der() }),
  Sign: ({ Message }) => ({ Signature: sign(null, bytes(Message), privateKey).toString('base64') }),
};

describe('the root signer', () => {
  it('signs the raw text with KMS, asking for the public key once', async () => {
    const { kms, sent } = kmsOf(signing);
    const signer = await openKmsRootSigner({ ...options, kms });
    const text = Buffer.from('what was decided\n');
    expect(Buffer.from(await signer.sign(text))).toEqual(sign(null, text, privateKey));
    expect([signer.name, Buffer.from(signer.publicKey)]).toEqual([
      'ledger.test/main',
      Buffer.from(der(), 'base64').subarray(-32),
    ]);
    await signer.sign(text);
    expect(sent.map(({ operation }) => operation)).toEqual(['GetPublicKey', 'Sign', 'Sign']);
    expect(sent[1]?.input).toEqual({
      ...{ KeyId: 'alias/root', MessageType: 'RAW', SigningAlgorithm: 'ED25519_SHA_512' },
      Message: text.toString('base64'),
    });
  });

  it('refuses another kind of key, and a text that KMS would not sign', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey;
    const wrong = kmsOf({ GetPublicKey: () => ({ PublicKey: der(other) }) });
    await expect(openKmsRootSigner({ ...options, kms: wrong.kms })).rejects.toMatchObject({ code: 'ROOT_KEY_INVALID' });
    const { kms, sent } = kmsOf(signing);
    const signer = await openKmsRootSigner({ ...options, kms });
    await expect(signer.sign(Buffer.alloc(4_097))).rejects.toMatchObject({ code: 'ROOT_TEXT_TOO_LARGE' });
    expect(sent.map(({ operation }) => operation)).toEqual(['GetPublicKey']);
  });
});

describe('keys of fields', () => {
  it('are wrapped for one entity and opened for it', async () => {
    const { kms, sent } = kmsOf({
      Encrypt: ({ Plaintext }) => ({ CiphertextBlob: Plaintext }),
      Decrypt: ({ CiphertextBlob }) => ({ Plaintext: CiphertextBlob }),
    });
    const keys = createKmsFieldKeys({ kms, keyId: 'data' });
    const wrapped = await keys.wrap(Buffer.from('key'), 'account:1');
    expect(Buffer.from(await keys.unwrap(wrapped, 'account:1')).toString()).toBe('key');
    const context = { KeyId: 'data', EncryptionContext: { entity: 'account:1' } };
    expect(sent.map(({ input }) => input)).toEqual([
      { ...context, Plaintext: Buffer.from('key').toString('base64') },
      { ...context, CiphertextBlob: Buffer.from('key').toString('base64') },
    ]);
  });
});

describe('a request to KMS', () => {
  it.each([
    [{}, 'https://kms.us-east-1.amazonaws.com/'],
    [{ AWS_REGION: 'cn-north-1' }, 'https://kms.cn-north-1.amazonaws.com.cn/'],
    [{ AWS_ENDPOINT_URL: 'http://127.0.0.1:1/' }, 'http://127.0.0.1:1/'],
    [{ AWS_ENDPOINT_URL: 'http://a', AWS_ENDPOINT_URL_KMS: 'http://b' }, 'http://b/'],
  ])('goes, signed, where the environment %j says', async (env, url) => {
    const { kms, sent } = kmsOf(signing, { ...ENV, AWS_SESSION_TOKEN: 'token', ...env });
    await getPublicKey(kms, 'k');
    expect(sent[0]?.url).toBe(url);
    expect(sent[0]?.headers.get('content-type')).toBe('application/x-amz-json-1.1');
    const region = 'AWS_REGION' in env ? env.AWS_REGION : 'us-east-1';
    expect(sent[0]?.headers.get('authorization')).toMatch(
      new RegExp(`^AWS4-HMAC-SHA256 Credential=AKID/\\d{8}/${region}/kms/aws4_request, .*x-amz-target`),
    );
    expect(sent[0]?.headers.get('x-amz-security-token')).toBe('token');
  });

  it.each([
    ['ThrottlingException', 400, 4],
    ['KMSInternalException', 500, 4],
    ['DependencyTimeoutException', 503, 4],
    ['DisabledException', 400, 1],
    ['AccessDeniedException', 400, 1],
  ])('refused with %s (%i) is sent %i times', async (type, status, times) => {
    const { kms, sent } = kmsOf({ GetPublicKey: failed(status, type) });
    const error = await getPublicKey(kms, 'k').catch((reason: unknown) => reason);
    const isPassing = times > 1;
    expect(error).toMatchObject({
      code: isPassing ? 'KMS_UNAVAILABLE' : 'KMS_REFUSED',
      message: `KMS refused GetPublicKey: HTTP ${status}: ${type}: said so`,
    });
    expect(asUnavailable(error) !== undefined).toBe(isPassing);
    expect(sent).toHaveLength(times);
  });

  it.each([
    ['no JSON', new Response('<html>'), 'without a JSON object'],
    ['another object', Response.json({}), 'without "PublicKey"'],
  ])('is not answered by %s', async (_, answer, how) => {
    const { kms } = kmsOf({ GetPublicKey: () => answer });
    const message = `KMS answered GetPublicKey ${how}: try again`;
    await expect(getPublicKey(kms, 'k')).rejects.toMatchObject({ code: 'ANSWER_INVALID', message });
  });

  it('is counted with those of the SDK', async () => {
    const counter = createCallCounter();
    const kms: Kms = counter.counted(kmsOf(signing).kms);
    const signer = await openKmsRootSigner({ ...options, kms });
    await signer.sign(Buffer.from('text'));
    expect(counter.counts()).toMatchObject({ calls: 2, roundTrips: 2, operations: { Sign: { calls: 1 } } });
  });
});
