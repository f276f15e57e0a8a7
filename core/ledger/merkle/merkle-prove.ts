/**
 * Makes Merkle proofs (RFC 9162 sections 2.1.3.1 and 2.1.4.1) from hashes read elsewhere, usually from tiles. It does not
 * know whether those hashes are right: a proof made from damaged ones does not verify.
 */
import { LogError } from './log-errors.ts';
import { nodeHash } from './merkle-hash.ts';

/** A perfect subtree: the leaves from index * 2^level, 2^level of them. */
export interface TreeNode {
  readonly level: number;
  readonly index: number;
}

/** The hashes of perfect subtrees, in the order asked for. Rejects when it does not have one of them. */
export type HashReader = (nodes: readonly TreeNode[]) => Promise<readonly Uint8Array[]>;

/** Leaves from `from` up to but not including `to`: a subtree as RFC 9162 cuts them, not always perfect. */
interface Span {
  readonly from: number;
  readonly to: number;
}

/** @throws LogError PROOF_IMPOSSIBLE */
export async function inclusionProof(leafIndex: number, treeSize: number, read: HashReader): Promise<Uint8Array[]> {
  if (!isSize(treeSize) || !isSize(leafIndex) || leafIndex >= treeSize) {
    throw new LogError('PROOF_IMPOSSIBLE', `a tree of ${treeSize} leaves has no leaf ${leafIndex}`);
  }
  const siblings: Span[] = [];
  let span: Span = { from: 0, to: treeSize };
  while (span.to - span.from > 1) {
    const [left, right] = cut(span);
    const isLeft = leafIndex < left.to;
    siblings.push(isLeft ? right : left);
    span = isLeft ? left : right;
  }
  return rootsOf(siblings.reverse(), read);
}

/** Empty for size1 = 0 and for equal sizes. @throws LogError PROOF_IMPOSSIBLE */
export async function consistencyProof(size1: number, size2: number, read: HashReader): Promise<Uint8Array[]> {
  if (!isSize(size1) || !isSize(size2) || size1 > size2) {
    throw new LogError('PROOF_IMPOSSIBLE', `a tree of ${size2} leaves has none of ${size1} before it`);
  }
  if (size1 === 0 || size1 === size2) return [];
  const spans: Span[] = [];
  let span: Span = { from: 0, to: size2 };
  while (span.to !== size1) {
    const [left, right] = cut(span);
    const isLeft = size1 <= left.to;
    spans.push(isLeft ? right : left);
    span = isLeft ? left : right;
  }
  // From 0 it is the first tree itself, whose root the verifier has.
  if (span.from > 0) spans.push(span);
  return rootsOf(spans.reverse(), read);
}

async function rootsOf(spans: readonly Span[], read: HashReader): Promise<Uint8Array[]> {
  const parts = spans.map(perfectParts);
  const hashes = await read(parts.flat());
  let at = 0;
  return parts.map(({ length }) => {
    const own = hashes.slice(at, (at += length));
    return own.reduceRight((right, left) => nodeHash(left, right));
  });
}

/** Left of it the largest power of two that is smaller than the whole. */
function cut({ from, to }: Span): [Span, Span] {
  let width = 1;
  while (width * 2 < to - from) width *= 2;
  const middle = from + width;
  return [
    { from, to: middle },
    { from: middle, to },
  ];
}

/** Largest first. Every part starts at a multiple of its width, because the span itself was cut that way. */
function perfectParts({ from, to }: Span): TreeNode[] {
  const nodes: TreeNode[] = [];
  while (from < to) {
    let level = 0;
    while (2 ** (level + 1) <= to - from) level += 1;
    nodes.push({ level, index: from / 2 ** level });
    from += 2 ** level;
  }
  return nodes;
}

function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
