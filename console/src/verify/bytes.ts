/** Bytes, and what WebCrypto makes of them. Where a page has no WebCrypto (plain http) nothing here answers, and nothing is called verified. */

export type Bytes = Uint8Array<ArrayBuffer>;

const encoder = new TextEncoder();

export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

export function concat(...parts: readonly Uint8Array[]): Bytes {
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** undefined: not base64, or not in its one canonical spelling */
export function fromBase64(text: string): Bytes | undefined {
  try {
    const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
    return toBase64(bytes) === text ? bytes : undefined;
  } catch {
    return undefined;
  }
}

export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

export function toHex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return one.length === other.length && one.every((byte, i) => byte === other[i]);
}

export async function sha256(bytes: Bytes): Promise<Bytes> {
  return new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
}

/** Whether `signature` is Ed25519 of `message` by this raw public key. */
export async function isSigned(publicKey: Bytes, signature: Bytes, message: Bytes): Promise<boolean> {
  try {
    const key = await crypto.subtle.importKey('raw', publicKey, 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, signature, message);
  } catch {
    return false; // no point on the curve: nobody signed with it
  }
}

let ed25519: Promise<boolean> | undefined;

/** Whether this browser, on this page, can verify at all: secure context, SHA-256 and Ed25519. */
export function canVerify(): Promise<boolean> {
  return (ed25519 ??= probe());
}

/** RFC 8032, section 7.1, test 1: of the empty message. */
const TEST_KEY = '11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=';
const TEST_SIGNATURE = '5VZDAMNgrHKQhuLMgG6CioSHfx645dl02HPgZSJJAVVfuIIVkKM7rMYeOXAc+bRr0lv18FlbviRlUUFDjnoQCw==';

async function probe(): Promise<boolean> {
  // Not there on pages that came over plain http, whatever its type says.
  if ((globalThis.crypto as Crypto | undefined)?.subtle === undefined) return false;
  const [key, signature] = [fromBase64(TEST_KEY), fromBase64(TEST_SIGNATURE)];
  return key !== undefined && signature !== undefined && isSigned(key, signature, new Uint8Array());
}

/** Of hex that this page made or checked. */
export function fromHex(hex: string): Bytes {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}
