/**
 * The bytes of a batch signature: one Ed25519 signature over the root of a small tree of texts, and in each note's line the path
 * from its own text to that root, so that every note still verifies alone. C2SP signature type 0xff. docs/formats.md
 */
import { leafHash, sha256 } from '../../canonical/index.ts';
import { HASH_BYTES, splitHashes } from '../merkle/merkle-hash.ts';
import { inclusionPathLength } from '../merkle/merkle-verify.ts';

/** What C2SP leaves to everybody: 0xff, then a name of one's own. It is in the key id, so no line means two things. */
const BATCH_TYPE = Buffer.from('\xffnervous-system/batch/v1', 'latin1');
const KEY_ID_BYTES = 4;
/** A tree of one would say nothing that a plain signature does not. */
const MIN_TREE = 2;
/** Texts under one signature at most: more would lengthen every path to spare one signature in twenty. */
export const MAX_TREE = 16;
/** Without it, whoever reads one note could guess what its neighbours say and compare hashes. */
export const LEAF_SALT_BYTES = 16;
const SIZE_AT = LEAF_SALT_BYTES;
const INDEX_AT = SIZE_AT + 1;
const PATH_AT = INDEX_AT + 1;
const ROOT_SIGNATURE_BYTES = 64;

/** What stands behind the key id in the line. */
export interface BatchSignature {
  /** 16 bytes, of this text alone */
  readonly salt: Uint8Array;
  /** texts in the tree, 2–16 */
  readonly size: number;
  /** which of them this is, from 0 */
  readonly index: number;
  /** siblings from the text upwards, 32 bytes each */
  readonly path: readonly Uint8Array[];
  /** Ed25519 over `batchMessage`, 64 bytes */
  readonly signature: Uint8Array;
}

/** Whose tree it is. */
export interface BatchTree {
  /** the ledger's origin */
  readonly origin: string;
  /** name of the key that signs */
  readonly name: string;
  readonly size: number;
  readonly root: Uint8Array;
}

/** First 4 bytes of SHA-256(name || "\n" || 0xff || "nervous-system/batch/v1" || public key). */
export function batchKeyId(name: string, publicKey: Uint8Array): Uint8Array {
  const input = Buffer.concat([Buffer.from(`${name}\n`), BATCH_TYPE, publicKey]);
  return sha256(input).subarray(0, KEY_ID_BYTES);
}

/** Has it the one length that its size and index allow? Input is untrusted; nothing is signed by having this form. */
export function isBatchSignature(bytes: Uint8Array): boolean {
  const [size, index] = [bytes[SIZE_AT], bytes[INDEX_AT]];
  if (size === undefined || index === undefined) return false;
  if (size < MIN_TREE || size > MAX_TREE || index >= size) return false;
  return bytes.length === PATH_AT + inclusionPathLength(index, size) * HASH_BYTES + ROOT_SIGNATURE_BYTES;
}

/** undefined: it is none. Input is untrusted. */
export function parseBatchSignature(bytes: Uint8Array): BatchSignature | undefined {
  if (!isBatchSignature(bytes)) return undefined;
  const pathEnd = bytes.length - ROOT_SIGNATURE_BYTES;
  return {
    salt: bytes.subarray(0, SIZE_AT),
    size: bytes[SIZE_AT] as number,
    index: bytes[INDEX_AT] as number,
    path: splitHashes(bytes.subarray(PATH_AT, pathEnd)),
    signature: bytes.subarray(pathEnd),
  };
}

export function formatBatchSignature({ salt, size, index, path, signature }: BatchSignature): Uint8Array {
  return Buffer.concat([salt, Buffer.of(size, index), ...path, signature]);
}

/** SHA-256(0x00 || salt || text). */
export function batchLeaf(salt: Uint8Array, text: Uint8Array): Uint8Array {
  return leafHash(salt, text);
}

/** What the key signs: no entry, checkpoint or cosignature begins like it. */
export function batchMessage({ origin, name, size, root }: BatchTree): Uint8Array {
  return Buffer.from(`nervous-system.batch.v1\n${origin}\n${name}\n${size}\n${Buffer.from(root).toString('base64')}\n`);
}
