/** Hashes against the definition, as node:crypto computes it in steps. */
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { leafHash, sha256, toHex } from '../../../core/canonical/index.ts';

const plain = (...parts: readonly Uint8Array[]): string => {
  const whole = createHash('sha256');
  for (const part of parts) whole.update(part);
  return whole.digest('hex');
};
const bytes = (length: number, seed: number): Uint8Array =>
  Uint8Array.from({ length }, (_, i) => (i * 31 + seed * 7 + (i >> 8)) % 256);

it.each([0, 1, 31, 32, 55, 56, 64, 1_000, 65_535, 131_070, 131_071, 131_072, 200_000])(
  'hashes a leaf of %i bytes as RFC 6962 asks, whatever was hashed before',
  (length) => {
    leafHash(bytes(70_000, 9));
    const leaf = bytes(length, 1);
    expect(toHex(leafHash(leaf))).toBe(plain(Buffer.of(0), leaf));
    const salt = bytes(16, 2);
    expect(toHex(leafHash(salt, leaf))).toBe(plain(Buffer.of(0), salt, leaf));
    expect(toHex(leafHash(leaf.subarray(0, length >> 1), leaf.subarray(length >> 1)))).toBe(plain(Buffer.of(0), leaf));
  },
);

it('gives every byte of a hash, and each hash its own bytes', () => {
  const inputs = Array.from({ length: 2_000 }, (_, i) => `text ${i}`);
  const hashes = inputs.map((text) => sha256(text));
  expect(hashes.map((hash) => toHex(hash))).toEqual(inputs.map((text) => plain(Buffer.from(text))));
  expect(sha256('é — 𝄞').toString('hex')).toBe(plain(Buffer.from('é — 𝄞')));
});
