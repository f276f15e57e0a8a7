/** RFC 6962 section 2.1: how two hashes become their parent. Leaf hashes are core/canonical's `leafHash`. */
import type { LeafHash } from '../../brands/index.ts';
import { sha256 } from '../../canonical/index.ts';

export const HASH_BYTES = 32;
const NODE_PREFIX = 0x01;

/** The root of a tree without leaves: SHA-256 of nothing. */
export const EMPTY_ROOT: Uint8Array = sha256('');

/** One buffer for all: hashing is synchronous, and a log has as many inner nodes as leaves. */
const input = new Uint8Array(1 + 2 * HASH_BYTES);
input[0] = NODE_PREFIX;

/** SHA-256(0x01 || left || right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  input.set(left, 1);
  input.set(right, 1 + HASH_BYTES);
  return sha256(input);
}

/** Root of a perfect tree. @param hashes its 1, 2, 4, 8 … leaves, 32 bytes each, one after the other */
export function perfectRoot(hashes: Uint8Array): Uint8Array {
  let row: Uint8Array[] = splitHashes(hashes);
  while (row.length > 1) {
    const above: Uint8Array[] = [];
    for (let i = 0; i < row.length; i += 2) above.push(nodeHash(row[i] as Uint8Array, row[i + 1] as Uint8Array));
    row = above;
  }
  return row[0] as Uint8Array;
}

/** One leaf of many that stand one after the other, as in a tile. */
export function leafAt(hashes: Uint8Array, index: number): LeafHash {
  return hashes.subarray(index * HASH_BYTES, (index + 1) * HASH_BYTES) as LeafHash;
}

export function splitHashes(hashes: Uint8Array): Uint8Array[] {
  const found: Uint8Array[] = [];
  for (let at = 0; at < hashes.length; at += HASH_BYTES) found.push(hashes.subarray(at, at + HASH_BYTES));
  return found;
}
