/**
 * Public keys as authenticators give them: COSE_Key (RFC 9052) in CTAP2's canonical CBOR, which leaves one encoding for each key.
 * So the bytes before the coordinates are constant, and nothing has to read CBOR. Two kinds: ES256 on P-256, and Ed25519.
 */
import { createPublicKey, verify, type KeyObject } from 'node:crypto';
import { decodeBase64url } from './base64url.ts';

/** {1: 2 (EC2), 3: -7 (ES256), -1: 1 (P-256), -2: 32 bytes … */
const P256_X = Buffer.from('a5010203262001215820', 'hex');
/** … -3: 32 bytes} */
const P256_Y = Buffer.from('225820', 'hex');
/** {1: 1 (OKP), 3: -8 (EdDSA), -1: 6 (Ed25519), -2: 32 bytes} */
const ED25519_X = Buffer.from('a4010103272006215820', 'hex');
const COORDINATE = 32;

export interface PublicKey {
  readonly algorithm: 'ES256' | 'Ed25519';
  /** Never throws: a signature that cannot be read is a wrong one. */
  readonly isSigned: (message: Uint8Array, signature: Uint8Array) => boolean;
}

/** undefined: it is no such key, or not a point of its curve. */
export function parsePublicKey(cose: string): PublicKey | undefined {
  const bytes = decodeBase64url(cose);
  if (bytes === undefined) return undefined;
  return parseP256(bytes) ?? parseEd25519(bytes);
}

function parseP256(bytes: Buffer): PublicKey | undefined {
  const yAt = P256_X.length + COORDINATE + P256_Y.length;
  const isP256 =
    bytes.length === yAt + COORDINATE &&
    bytes.subarray(0, P256_X.length).equals(P256_X) &&
    bytes.subarray(yAt - P256_Y.length, yAt).equals(P256_Y);
  if (!isP256) return undefined;
  const x = bytes.subarray(P256_X.length, P256_X.length + COORDINATE).toString('base64url');
  const key = keyOf({ kty: 'EC', crv: 'P-256', x, y: bytes.subarray(yAt).toString('base64url') });
  return (
    key && { algorithm: 'ES256', isSigned: (message, signature) => isSigned('sha256', { key, message, signature }) }
  );
}

function parseEd25519(bytes: Buffer): PublicKey | undefined {
  const isEd25519 =
    bytes.length === ED25519_X.length + COORDINATE && bytes.subarray(0, ED25519_X.length).equals(ED25519_X);
  if (!isEd25519) return undefined;
  const key = keyOf({ kty: 'OKP', crv: 'Ed25519', x: bytes.subarray(ED25519_X.length).toString('base64url') });
  return key && { algorithm: 'Ed25519', isSigned: (message, signature) => isSigned(null, { key, message, signature }) };
}

function keyOf(
  key: { readonly [Field in 'kty' | 'crv' | 'x']: string } & { readonly y?: string },
): KeyObject | undefined {
  try {
    return createPublicKey({ key, format: 'jwk' });
  } catch {
    return undefined;
  }
}

/** ECDSA signatures are DER, as authenticators send them. */
function isSigned(
  digest: 'sha256' | null,
  {
    key,
    message,
    signature,
  }: { readonly key: KeyObject; readonly message: Uint8Array; readonly signature: Uint8Array },
): boolean {
  try {
    return verify(digest, message, key, signature);
  } catch {
    return false;
  }
}
