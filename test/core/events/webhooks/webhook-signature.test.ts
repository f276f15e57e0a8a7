/**
 * Signatures of Standard Webhooks. The first vector is the one that its libraries test with (standard-webhooks/standard-webhooks,
 * MIT); the Ed25519 one was computed with node:crypto from the seed 00…1f, because the specification's own names no key.
 */
import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { describe, expect, it } from 'vitest';
import {
  parsePrivateKey,
  parsePublicKey,
  parseSecret,
  privateKeyText,
  secretText,
  webhookKeyPair,
} from '../../../../core/events/webhooks/webhook-keys.ts';
import { signWebhook, verifyWebhookSignature } from '../../../../core/events/webhooks/webhook-signature.ts';

const SECRET = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
const SEED = Uint8Array.from({ length: 32 }, (_, i) => i);
const PUBLIC = 'whpk_A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=';
const MESSAGE = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', timestamp: 1_614_265_330, body: '{"test": 2432232314}' };
const V1 = 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=';
const V1A = 'v1a,yoUrgEkc12aGqm0n4Sydmdz55xJfTz4AsAgieHFjmkR7LJtqVCZOQYzvvHjI5kAey+r4iaBGxTFRrl2iBQxtDQ==';
const NOW = MESSAGE.timestamp * 1_000;

const secret = (text: string): Uint8Array => {
  const bytes = parseSecret(text);
  if (bytes === undefined) throw new Error('no secret');
  return bytes;
};
const headersOf = (signature: string, more: object = {}): Record<string, string> => ({
  ...{ 'webhook-id': MESSAGE.id, 'webhook-timestamp': String(MESSAGE.timestamp), 'webhook-signature': signature },
  ...more,
});

describe('signing', () => {
  it('makes the known signatures, all of them in one header', () => {
    const keys = { secrets: [secret(SECRET)], pairs: [webhookKeyPair(SEED)] };
    expect(signWebhook(MESSAGE, keys)).toEqual(headersOf(`${V1} ${V1A}`));
  });

  it('says keys as the specification does', () => {
    expect(webhookKeyPair(SEED).publicKey).toBe(PUBLIC);
    expect(parsePrivateKey(privateKeyText(SEED))?.publicKey).toBe(PUBLIC);
    expect(secretText(secret(SECRET))).toBe(SECRET);
    expect(parseSecret(SECRET.slice('whsec_'.length))).toEqual(secret(SECRET));
  });

  it.each([
    ['too short', `whsec_${Buffer.alloc(23).toString('base64')}`],
    ['too long', `whsec_${Buffer.alloc(65).toString('base64')}`],
    ['no base64', 'whsec_!!!!'],
    ['two spellings', `${SECRET}=`],
    ['empty', 'whsec_'],
  ])('takes no secret that is %s', (_, text) => expect(parseSecret(text)).toBeUndefined());

  it('takes no key of another length or kind', () => {
    expect(parsePublicKey(`whpk_${Buffer.alloc(31).toString('base64')}`)).toBeUndefined();
    expect(parsePublicKey(SECRET)).toBeUndefined();
    expect(parsePrivateKey(PUBLIC)).toBeUndefined();
  });
});

describe('verifying', () => {
  const trust = { secrets: [SECRET], publicKeys: [PUBLIC], nowMs: NOW };

  it.each([V1, V1A, `v1,AAAA ${V1}`, `v2,x v1a,AAAA ${V1A}`, `${V1} v1a,unknown`])('believes %s', (signature) => {
    const verdict = verifyWebhookSignature({ headers: headersOf(signature), body: MESSAGE.body }, trust);
    expect(verdict).toEqual({ kind: 'verified', ...MESSAGE });
  });

  it('takes the bytes as well as their text', () => {
    const body = Buffer.from(MESSAGE.body);
    expect(verifyWebhookSignature({ headers: headersOf(V1), body: new Uint8Array(body) }, trust).kind).toBe('verified');
  });

  it.each<[string, Record<string, string | readonly string[] | undefined>, string]>([
    ['another body', headersOf(V1), '{"test":2432232314}'],
    ['another id', headersOf(V1, { 'webhook-id': 'msg_x' }), MESSAGE.body],
    ['an id with a full stop', headersOf(V1, { 'webhook-id': 'msg.x' }), MESSAGE.body],
    ['another time', headersOf(V1, { 'webhook-timestamp': String(MESSAGE.timestamp + 1) }), MESSAGE.body],
    ['no time', headersOf(V1, { 'webhook-timestamp': '1e9' }), MESSAGE.body],
    ['no signature', headersOf(''), MESSAGE.body],
    ['a signature of another version', headersOf(V1.replace('v1', 'v2')), MESSAGE.body],
    ['a missing header', headersOf(V1, { 'webhook-signature': undefined }), MESSAGE.body],
    ['a header that came twice', headersOf(V1, { 'webhook-id': [MESSAGE.id, MESSAGE.id] }), MESSAGE.body],
    ['a shorter signature', headersOf(V1.slice(0, -8)), MESSAGE.body],
  ])('refuses %s', (_, headers, body) => {
    expect(verifyWebhookSignature({ headers, body }, trust).kind).toBe('refused');
  });

  it('refuses what is older or further ahead than 300 s', () => {
    const at = (seconds: number): string =>
      verifyWebhookSignature({ headers: headersOf(V1), body: MESSAGE.body }, { ...trust, nowMs: NOW + seconds * 1_000 })
        .kind;
    expect([-301, -300, 300, 301].map(at)).toEqual(['refused', 'verified', 'verified', 'refused']);
  });

  it('refuses keys that are not trusted', () => {
    const others = { secrets: [secretText(new Uint8Array(24))], nowMs: NOW };
    const all = { headers: headersOf(`${V1} ${V1A}`), body: MESSAGE.body };
    expect(verifyWebhookSignature(all, others).kind).toBe('refused');
    expect(verifyWebhookSignature(all, { nowMs: NOW }).kind).toBe('refused');
  });
});

describe('other libraries', () => {
  const bytes = (length: number): fc.Arbitrary<Uint8Array> => fc.uint8Array({ minLength: length, maxLength: length });
  const messages = fc.record({
    id: fc.stringMatching(/^[A-Za-z0-9_-]{1,40}$/),
    body: fc.json(),
    secrets: fc.array(fc.integer({ min: 24, max: 64 }).chain(bytes), { minLength: 1, maxLength: 3 }),
    seed: bytes(32),
  });

  it('standardwebhooks and svix verify what is signed here, whichever secret they have', () => {
    fc.assert(
      fc.property(messages, ({ id, body, secrets, seed }) => {
        const now = Math.floor(Date.now() / 1_000);
        const headers = signWebhook({ id, timestamp: now, body }, { secrets, pairs: [webhookKeyPair(seed)] });
        const svix = Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name.replace('webhook', 'svix'), value]),
        );
        for (const one of secrets) {
          expect(new Webhook(secretText(one)).verify(body, headers)).toEqual(JSON.parse(body));
          new SvixWebhook(secretText(one)).verify(body, svix); // throws unless it is signed
        }
      }),
    );
  });

  it('what standardwebhooks signs is verified here', () => {
    fc.assert(
      fc.property(messages, ({ id, body, secrets: [one = new Uint8Array()] }) => {
        const at = new Date(NOW);
        const headers = headersOf(new Webhook(secretText(one)).sign(id, at, body), { 'webhook-id': id });
        expect(verifyWebhookSignature({ headers, body }, { secrets: [secretText(one)], nowMs: NOW }).kind).toBe(
          'verified',
        );
      }),
    );
  });

  it('node:crypto verifies v1a with the public key alone', () => {
    const raw = Buffer.from(PUBLIC.slice('whpk_'.length), 'base64');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') }, format: 'jwk' });
    const text = Buffer.from(`${MESSAGE.id}.${MESSAGE.timestamp}.${MESSAGE.body}`);
    expect(verify(null, text, key, Buffer.from(V1A.slice('v1a,'.length), 'base64'))).toBe(true);
    const d = Buffer.from(SEED).toString('base64url');
    const own = createPrivateKey({
      key: { kty: 'OKP', crv: 'Ed25519', d, x: raw.toString('base64url') },
      format: 'jwk',
    });
    expect(`v1a,${sign(null, text, own).toString('base64')}`).toBe(V1A);
  });
});
