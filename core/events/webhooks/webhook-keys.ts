/**
 * Keys of Standard Webhooks as texts: `whsec_` a shared secret, `whsk_` and `whpk_` the halves of an Ed25519 pair, each with its
 * bytes in base64. Standard Webhooks 1.0.0, "Signature scheme".
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';

const SECRET = 'whsec_';
const PRIVATE = 'whsk_';
const PUBLIC = 'whpk_';
/** The specification's bounds of a shared secret. */
const MIN_SECRET_BYTES = 24;
const MAX_SECRET_BYTES = 64;
/** Bytes of a secret that is made here: as many as HMAC-SHA256 can use. */
export const SECRET_BYTES = 32;
/** Bytes of an Ed25519 seed, and of its public key. */
export const ED25519_BYTES = 32;
/** RFC 8410: what stands before the 32 bytes in DER. */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

export interface WebhookKeyPair {
  readonly privateKey: KeyObject;
  /** as `whpk_` text */
  readonly publicKey: string;
}

/** @param seed 32 bytes */
export function webhookKeyPair(seed: Uint8Array): WebhookKeyPair {
  const privateKey = createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, seed]), format: 'der', type: 'pkcs8' });
  const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
  return { privateKey, publicKey: `${PUBLIC}${spki.subarray(-ED25519_BYTES).toString('base64')}` };
}

export function secretText(secret: Uint8Array): string {
  return SECRET + Buffer.from(secret).toString('base64');
}

export function privateKeyText(seed: Uint8Array): string {
  return PRIVATE + Buffer.from(seed).toString('base64');
}

/** Undefined: no secret of the form and length that the specification asks for. The prefix may be left out, as its libraries do. */
export function parseSecret(text: string): Uint8Array | undefined {
  const bytes = bytesOf(text, SECRET) ?? bytesOf(text, '');
  const isLongEnough = bytes !== undefined && bytes.length >= MIN_SECRET_BYTES && bytes.length <= MAX_SECRET_BYTES;
  return isLongEnough ? bytes : undefined;
}

/** Undefined: not a private key. */
export function parsePrivateKey(text: string): WebhookKeyPair | undefined {
  const seed = bytesOf(text, PRIVATE);
  return seed?.length === ED25519_BYTES ? webhookKeyPair(seed) : undefined;
}

/** Undefined: not a public key. */
export function parsePublicKey(text: string): KeyObject | undefined {
  const bytes = bytesOf(text, PUBLIC);
  if (bytes?.length !== ED25519_BYTES) return undefined;
  return createPublicKey({ key: Buffer.concat([SPKI_PREFIX, bytes]), format: 'der', type: 'spki' });
}

/** One text for one key: what decodes to other text again is refused. */
function bytesOf(text: string, prefix: string): Buffer | undefined {
  if (!text.startsWith(prefix)) return undefined;
  const base64 = text.slice(prefix.length);
  const bytes = Buffer.from(base64, 'base64');
  return bytes.length > 0 && bytes.toString('base64') === base64 ? bytes : undefined;
}
