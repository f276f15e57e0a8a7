/**
 * Signatures of Standard Webhooks 1.0.0: over `<id>.<timestamp>.<body>`, `v1` with HMAC-SHA256 and `v1a` with Ed25519, any number of
 * them in one header. Every delivery carries `v1` for each live secret, and `v1a` for receivers that share no secret.
 */
import { createHmac, sign, timingSafeEqual, verify, type KeyObject } from 'node:crypto';
import { MS_PER_SECOND } from '../../values/index.ts';
import { parsePublicKey, parseSecret, type WebhookKeyPair } from './webhook-keys.ts';

/** The names of the three headers, as HTTP libraries hand them out. */
const WEBHOOK_ID = 'webhook-id';
const WEBHOOK_TIMESTAMP = 'webhook-timestamp';
const WEBHOOK_SIGNATURE = 'webhook-signature';
/** The specification's tolerance, both ways. */
const TOLERANCE_SECONDS = 300;
/** Signatures looked at in one header: three secrets, a few keys, and some of others. */
const MAX_SIGNATURES = 20;

export interface SignedMessage {
  /** of the event: the same at every attempt. Without a full stop, which separates what is signed */
  readonly id: string;
  /** of the attempt, in seconds since the Unix epoch */
  readonly timestamp: number;
  readonly body: string;
}

export interface SigningKeys {
  /** bytes of the shared secrets that are live */
  readonly secrets: readonly Uint8Array[];
  readonly pairs: readonly WebhookKeyPair[];
}

/** The three headers of one attempt. */
export function signWebhook(message: SignedMessage, { secrets, pairs }: SigningKeys): Readonly<Record<string, string>> {
  const text = signedText(message);
  const signatures = [
    ...secrets.map((secret) => `v1,${hmacOf(secret, text).toString('base64')}`),
    ...pairs.map(({ privateKey }) => `v1a,${sign(null, text, privateKey).toString('base64')}`),
  ];
  return {
    [WEBHOOK_ID]: message.id,
    [WEBHOOK_TIMESTAMP]: String(message.timestamp),
    [WEBHOOK_SIGNATURE]: signatures.join(' '),
  };
}

export interface WebhookToVerify {
  /** names in lower case, as Node's are; of a header that came twice, the values */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** as it came: the bytes, or their text */
  readonly body: string | Uint8Array;
}

export interface WebhookTrust {
  /** `whsec_…`; any of them may have signed */
  readonly secrets?: readonly string[];
  /** `whpk_…`; any of them may have signed */
  readonly publicKeys?: readonly string[];
  /** milliseconds since the Unix epoch */
  readonly nowMs: number;
  /** how old, or how far ahead, the attempt may be; default 300 */
  readonly toleranceSeconds?: number;
}

export type WebhookVerdict =
  | { readonly kind: 'verified'; readonly id: string; readonly timestamp: number; readonly body: string }
  /** the reason is for the receiver's own log, not for the sender */
  | { readonly kind: 'refused'; readonly reason: string };

/** Whether somebody who has one of the keys signed exactly this, and lately. */
export function verifyWebhookSignature({ headers, body: raw }: WebhookToVerify, trust: WebhookTrust): WebhookVerdict {
  const id = single(headers[WEBHOOK_ID]);
  const sentAt = single(headers[WEBHOOK_TIMESTAMP]);
  const signatures = single(headers[WEBHOOK_SIGNATURE]);
  if (id === undefined || sentAt === undefined || signatures === undefined)
    return refused('a header is missing, or came twice');
  if (id === '' || id.includes('.')) return refused(`${WEBHOOK_ID} is malformed`);
  if (!/^[0-9]{1,12}$/.test(sentAt)) return refused(`${WEBHOOK_TIMESTAMP} is no time`);
  const timestamp = Number(sentAt);
  const { toleranceSeconds = TOLERANCE_SECONDS } = trust;
  if (Math.abs(trust.nowMs / MS_PER_SECOND - timestamp) > toleranceSeconds)
    return refused('it was sent too long ago, or its time lies ahead');
  const body = typeof raw === 'string' ? raw : Buffer.from(raw).toString('utf8');
  if (typeof raw !== 'string' && !Buffer.from(body).equals(raw)) return refused('the body is not UTF-8');
  const text = signedText({ id, timestamp: sentAt, body });
  const isSigned = signatures
    .split(' ')
    .slice(0, MAX_SIGNATURES)
    .some((signature) => isBy(signature, text, trust));
  return isSigned ? { kind: 'verified', id, timestamp, body } : refused('no signature of a key that is trusted');
}

function isBy(signature: string, text: Buffer, { secrets = [], publicKeys = [] }: WebhookTrust): boolean {
  const [version, base64 = ''] = signature.split(',', 2);
  const bytes = Buffer.from(base64, 'base64');
  switch (version) {
    case 'v1':
      return secrets.some((secret) => isHmac(bytes, parseSecret(secret), text));
    case 'v1a':
      return publicKeys.some((key) => isEd25519(bytes, parsePublicKey(key), text));
    default:
      return false; // of a scheme to come: others in the list may be known
  }
}

function isHmac(signature: Buffer, secret: Uint8Array | undefined, text: Buffer): boolean {
  if (secret === undefined) return false;
  const expected = hmacOf(secret, text);
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}

function isEd25519(signature: Buffer, key: KeyObject | undefined, text: Buffer): boolean {
  return key !== undefined && verify(null, text, key, signature);
}

function signedText({
  id,
  timestamp,
  body,
}: Omit<SignedMessage, 'timestamp'> & { timestamp: number | string }): Buffer {
  return Buffer.from(`${id}.${timestamp}.${body}`);
}

function hmacOf(secret: Uint8Array, text: Buffer): Buffer {
  return createHmac('sha256', secret).update(text).digest();
}

function single(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function refused(reason: string): WebhookVerdict {
  return { kind: 'refused', reason };
}
