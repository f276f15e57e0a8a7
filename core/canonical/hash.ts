/**
 * SHA-256 with domain separation: every kind of hashed thing starts with its own tag, so no byte string of one kind can
 * be passed off as another. RFC 6962 section 2.1 for leaves.
 */
import { hash } from 'node:crypto';

/** RFC 6962 leaf hash: SHA-256(0x00 || bytes), 32 bytes. It is also the chain hash of an entry. */
export function leafHash(bytes: Uint8Array): Uint8Array {
  const input = new Uint8Array(bytes.length + 1);
  input.set(bytes, 1);
  return hash('sha256', input, 'buffer');
}

/** Lower-case hex SHA-256 of `"<tag>\n" || parts joined and ended by "\n"`. */
export function taggedHash(tag: string, ...parts: readonly string[]): string {
  return hash('sha256', `${tag}\n${parts.join('\n')}\n`, 'hex');
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}
