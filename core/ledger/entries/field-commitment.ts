/**
 * Commitments stand in an entry for what is confidential: whoever is shown salt and value can check them, and nobody can
 * guess the value from them, because the salt is as long as the hash. Destroying the salt makes them say nothing for ever.
 */
import { hash } from 'node:crypto';
import type { FieldHash } from '../../brands/index.ts';

const TAG = 'nervous-system.field.v1\n';
export const SALT_BYTES = 32;

/** A field of an entry that is not in it. */
export interface FieldCommitment {
  /** JSON pointer into the entry's `data` */
  readonly path: string;
  /** hex */
  readonly hash: FieldHash;
}

/**
 * Hex SHA-256(tag || u64be(length of path) || path || salt || u64be(length of value) || value).
 * @param salt 32 bytes
 * @param value canonical JSON (RFC 8785) in UTF-8
 */
export function commitField(path: string, salt: Uint8Array, value: Uint8Array): FieldHash {
  const name = Buffer.from(path);
  return hash(
    'sha256',
    Buffer.concat([Buffer.from(TAG), u64be(name.length), name, salt, u64be(value.length), value]),
    'hex',
  ) as FieldHash;
}

function u64be(length: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(length));
  return bytes;
}
