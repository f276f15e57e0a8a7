/** What of `node:crypto` the client uses, for browsers: SHA-256 (FIPS 180-4), and HMAC with it (RFC 2104). */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

type Bytes = string | Uint8Array;

export function hash(algorithm: string, data: Bytes, encoding: 'hex'): string;
export function hash(algorithm: string, data: Bytes, encoding: 'buffer'): Uint8Array;
export function hash(algorithm: string, data: Bytes, encoding: 'hex' | 'buffer'): string | Uint8Array {
  assertKnown(algorithm);
  const bytes = sha256(bytesOf(data));
  return encoding === 'hex' ? bytesToHex(bytes) : bytes;
}

interface Hmac {
  update(data: Bytes): Hmac;
  digest(): Uint8Array;
  digest(encoding: 'hex'): string;
}

export function createHmac(algorithm: string, secret: Bytes): Hmac {
  assertKnown(algorithm);
  const running = hmac.create(sha256, bytesOf(secret));
  function digest(): Uint8Array;
  function digest(encoding: 'hex'): string;
  function digest(encoding?: 'hex'): string | Uint8Array {
    const bytes = running.digest();
    return encoding === 'hex' ? bytesToHex(bytes) : bytes;
  }
  const self: Hmac = {
    update: (data) => {
      running.update(bytesOf(data));
      return self;
    },
    digest,
  };
  return self;
}

function assertKnown(algorithm: string): void {
  if (algorithm !== 'sha256') throw new Error(`"${algorithm}" is not there in browsers: sha256 is`);
}

function bytesOf(data: Bytes): Uint8Array {
  return typeof data === 'string' ? utf8ToBytes(data) : data;
}

/** What modules beside the client's import. None of it is called in a browser, so no bundle has it. */
export {
  absent as createCipheriv,
  absent as createDecipheriv,
  absent as createHash,
  absent as createPrivateKey,
  absent as createPublicKey,
  absent as sign,
  absent as timingSafeEqual,
  absent as verify,
};
function absent(): never {
  throw new Error('this is not there in browsers: run it on Node');
}
