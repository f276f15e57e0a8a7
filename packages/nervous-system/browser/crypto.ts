/** What of `node:crypto` the client uses, for browsers: SHA-256, and HMAC with it (RFC 2104). */
import { sha256 } from './sha256.ts';

const BLOCK_BYTES = 64;
const [INNER, OUTER] = [0x36, 0x5c];

type Bytes = string | Uint8Array;

export function hash(algorithm: string, data: Bytes, encoding: 'hex'): string;
export function hash(algorithm: string, data: Bytes, encoding: 'buffer'): Uint8Array;
export function hash(algorithm: string, data: Bytes, encoding: 'hex' | 'buffer'): string | Uint8Array {
  assertKnown(algorithm);
  const bytes = sha256(bytesOf(data));
  return encoding === 'hex' ? hexOf(bytes) : bytes;
}

interface Hmac {
  update(data: Bytes): Hmac;
  digest(): Uint8Array;
  digest(encoding: 'hex'): string;
}

export function createHmac(algorithm: string, secret: Bytes): Hmac {
  assertKnown(algorithm);
  const given = bytesOf(secret);
  const key = new Uint8Array(BLOCK_BYTES);
  key.set(given.length > BLOCK_BYTES ? sha256(given) : given);
  let message = new Uint8Array();
  function digest(): Uint8Array;
  function digest(encoding: 'hex'): string;
  function digest(encoding?: 'hex'): string | Uint8Array {
    const bytes = sha256(joined(padded(key, OUTER), sha256(joined(padded(key, INNER), message))));
    return encoding === 'hex' ? hexOf(bytes) : bytes;
  }
  const hmac: Hmac = {
    update: (data) => {
      message = joined(message, bytesOf(data));
      return hmac;
    },
    digest,
  };
  return hmac;
}

function assertKnown(algorithm: string): void {
  if (algorithm !== 'sha256') throw new Error(`"${algorithm}" is not there in browsers: sha256 is`);
}

function padded(key: Uint8Array, pad: number): Uint8Array {
  return key.map((byte) => byte ^ pad);
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array<ArrayBuffer> {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function bytesOf(data: Bytes): Uint8Array {
  return typeof data === 'string' ? new TextEncoder().encode(data) : data;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** What modules beside the client's import. None of it is called in a browser, so no bundle has it. */
export {
  absent as createCipheriv,
  absent as createDecipheriv,
  absent as createHash,
  absent as createPublicKey,
  absent as sign,
  absent as verify,
};
function absent(): never {
  throw new Error('this is not there in browsers: run it on Node');
}
