/**
 * Verification of Merkle proofs, RFC 9162 sections 2.1.3.2 and 2.1.4.2 (the trees are those of RFC 6962). Whatever is wrong
 * with the input, also a wrong type, length or size, the answer is `false`; nothing here throws.
 */
import { EMPTY_ROOT, HASH_BYTES, nodeHash } from './merkle-hash.ts';

/** Sizes are at most 2^53-1, so no path is longer. */
const MAX_PATH = 54;

export interface InclusionClaim {
  /** SHA-256(0x00 || entry), 32 bytes; so are all hashes below */
  readonly leafHash: Uint8Array;
  /** 0-based */
  readonly leafIndex: number;
  readonly treeSize: number;
  /** siblings from the leaf upwards */
  readonly proof: readonly Uint8Array[];
  readonly root: Uint8Array;
}

export interface ConsistencyClaim {
  readonly size1: number;
  readonly size2: number;
  readonly root1: Uint8Array;
  readonly root2: Uint8Array;
  readonly proof: readonly Uint8Array[];
}

/** True when the tree with this size and root has this leaf at this index. */
export function verifyInclusion({ root, ...claim }: InclusionClaim): boolean {
  const found = inclusionRoot(claim);
  return found !== undefined && isHash(root) && isSame(found, root);
}

/** The root that the proof leads to; undefined when it has not the one length that fits index and size. */
export function inclusionRoot(claim: Omit<InclusionClaim, 'root'>): Uint8Array | undefined {
  const { leafHash, leafIndex, treeSize, proof } = claim;
  if (!isSize(leafIndex) || !isSize(treeSize) || leafIndex >= treeSize) return undefined;
  if (!isHash(leafHash) || !isPath(proof)) return undefined;
  let at = leafIndex;
  let last = treeSize - 1;
  let hash = leafHash;
  for (const sibling of proof) {
    if (last === 0) return undefined;
    if (isOdd(at) || at === last) {
      hash = nodeHash(sibling, hash);
      [at, last] = risen(at, last);
    } else {
      hash = nodeHash(hash, sibling);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 ? hash : undefined;
}

/** Hashes in the proof of this leaf: one for each level on which it has a sibling. @param leafIndex < treeSize */
export function inclusionPathLength(leafIndex: number, treeSize: number): number {
  let hashes = 0;
  for (let [at, last] = [leafIndex, treeSize - 1]; last > 0; [at, last] = [half(at), half(last)])
    if (isOdd(at) || at < last) hashes += 1;
  return hashes;
}

/**
 * True when the tree of size2 and root2 begins with the tree of size1 and root1. Every tree begins with the empty one: for
 * size1 = 0 the proof must be empty and root1 the root of the empty tree. For equal sizes the proof must be empty.
 */
export function verifyConsistency({ size1, size2, root1, root2, proof }: ConsistencyClaim): boolean {
  if (!isSize(size1) || !isSize(size2) || size1 > size2) return false;
  if (!isHash(root1) || !isHash(root2) || !isPath(proof)) return false;
  if (size1 === size2) return proof.length === 0 && isSame(root1, root2) && (size1 > 0 || isSame(root1, EMPTY_ROOT));
  if (size1 === 0) return proof.length === 0 && isSame(root1, EMPTY_ROOT);
  // A first tree that is perfect is a node of the second: its root is known and not part of the proof.
  const [seed, ...path] = isPowerOfTwo(size1) ? [root1, ...proof] : proof;
  if (seed === undefined) return false;
  const led = rootsFrom(seed, path, { size1, size2 });
  return led !== undefined && isSame(led.hash1, root1) && isSame(led.hash2, root2);
}

/** The roots of both trees that the path leads to; undefined: it is too long or too short for them. */
function rootsFrom(
  seed: Uint8Array,
  path: readonly Uint8Array[],
  { size1, size2 }: Pick<ConsistencyClaim, 'size1' | 'size2'>,
): { readonly hash1: Uint8Array; readonly hash2: Uint8Array } | undefined {
  let [at, last] = [size1 - 1, size2 - 1];
  while (isOdd(at)) [at, last] = [half(at), half(last)];
  let [hash1, hash2] = [seed, seed];
  for (const sibling of path) {
    if (last === 0) return undefined;
    if (isOdd(at) || at === last) {
      hash1 = nodeHash(sibling, hash1);
      hash2 = nodeHash(sibling, hash2);
      [at, last] = risen(at, last);
    } else {
      hash2 = nodeHash(hash2, sibling);
    }
    at = half(at);
    last = half(last);
  }
  return last === 0 ? { hash1, hash2 } : undefined;
}

/** Up the right border to where the node is a right child: levels in between have no sibling, so no hash in the proof. */
function risen(at: number, last: number): [number, number] {
  while (at !== 0 && !isOdd(at)) [at, last] = [half(at), half(last)];
  return [at, last];
}

function isSize(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isHash(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array && value.length === HASH_BYTES;
}

function isPath(value: unknown): value is readonly Uint8Array[] {
  return Array.isArray(value) && value.length <= MAX_PATH && value.every(isHash);
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

// Not the bit operators: those cut numbers to 32 bits.
function isOdd(value: number): boolean {
  return value % 2 === 1;
}

function half(value: number): number {
  return Math.floor(value / 2);
}

function isPowerOfTwo(value: number): boolean {
  while (value > 1 && !isOdd(value)) value = half(value);
  return value === 1;
}
