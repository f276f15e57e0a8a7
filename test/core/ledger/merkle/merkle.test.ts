/** Trees and proofs against the definitions of RFC 6962 section 2.1, written down as they stand there. */
import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  consistencyProof,
  EMPTY_ROOT,
  inclusionProof,
  LogError,
  MerkleEdge,
  merkleRoot,
  verifyConsistency,
  verifyInclusion,
  type ConsistencyClaim,
  type HashReader,
  type InclusionClaim,
} from '../../../../core/ledger/index.ts';

const MAX_SIZE = 300;

function sha256(...parts: Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

const LEAVES = Array.from({ length: MAX_SIZE }, (_, i) => sha256(Buffer.of(0), Buffer.from(`leaf ${i}`)));

/** MTH(D) of RFC 6962. */
function mth(leaves: readonly Buffer[]): Buffer {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0] as Buffer;
  const k = split(leaves.length);
  return sha256(Buffer.of(1), mth(leaves.slice(0, k)), mth(leaves.slice(k)));
}

/** PATH(m, D) of RFC 6962. */
function pathOf(m: number, leaves: readonly Buffer[]): Buffer[] {
  if (leaves.length === 1) return [];
  const k = split(leaves.length);
  return m < k
    ? [...pathOf(m, leaves.slice(0, k)), mth(leaves.slice(k))]
    : [...pathOf(m - k, leaves.slice(k)), mth(leaves.slice(0, k))];
}

/** SUBPROOF(m, D, b) of RFC 6962. */
function subproof(m: number, leaves: readonly Buffer[], isWhole: boolean): Buffer[] {
  if (m === leaves.length) return isWhole ? [] : [mth(leaves)];
  const k = split(leaves.length);
  return m <= k
    ? [...subproof(m, leaves.slice(0, k), isWhole), mth(leaves.slice(k))]
    : [...subproof(m - k, leaves.slice(k), false), mth(leaves.slice(0, k))];
}

function split(n: number): number {
  let k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

const reader: HashReader = async (nodes) =>
  nodes.map(({ level, index }) => mth(LEAVES.slice(index * 2 ** level, (index + 1) * 2 ** level)));

const size = fc.integer({ min: 1, max: MAX_SIZE });
const leafOf = size.chain((treeSize) => fc.tuple(fc.integer({ min: 0, max: treeSize - 1 }), fc.constant(treeSize)));
const pair = fc.tuple(size, size).map(([a, b]) => [Math.min(a, b), Math.max(a, b)] as const);

async function inclusion(leafIndex: number, treeSize: number): Promise<InclusionClaim> {
  const proof = await inclusionProof(leafIndex, treeSize, reader);
  const root = mth(LEAVES.slice(0, treeSize));
  return { leafHash: LEAVES[leafIndex] as Buffer, leafIndex, treeSize, proof, root };
}

async function consistency(size1: number, size2: number): Promise<ConsistencyClaim> {
  const [root1, root2] = [mth(LEAVES.slice(0, size1)), mth(LEAVES.slice(0, size2))];
  return { size1, size2, root1, root2, proof: await consistencyProof(size1, size2, reader) };
}

describe('the right edge', () => {
  it('has the root of every size on its way', () => {
    const edge = new MerkleEdge();
    expect(edge.root()).toEqual(mth([]));
    for (const [i, leaf] of LEAVES.entries()) {
      edge.append(leaf);
      expect(Buffer.compare(edge.root(), mth(LEAVES.slice(0, i + 1)))).toBe(0);
    }
    expect(Buffer.compare(merkleRoot(LEAVES), edge.root())).toBe(0);
  });

  it('goes on from its stored state, leaf by leaf or by subtrees', () => {
    const property = fc.property(pair, fc.nat(8), ([before, after], level) => {
      const first = new MerkleEdge();
      for (const leaf of LEAVES.slice(0, before)) first.append(leaf);
      const edge = new MerkleEdge(first.state());
      while (edge.size < after) {
        const width = 2 ** level;
        const isSubtree = edge.size % width === 0 && edge.size + width <= after;
        const next = LEAVES.slice(edge.size, edge.size + (isSubtree ? width : 1));
        edge.append(mth(next), isSubtree ? level : 0);
      }
      expect(Buffer.compare(edge.root(), mth(LEAVES.slice(0, after)))).toBe(0);
      expect(edge.state().edge.length).toBeLessThanOrEqual(9 * 32);
    });
    fc.assert(property, { numRuns: 200 });
  });

  it('keeps a state that no later append changes', () => {
    const edge = new MerkleEdge();
    edge.append(LEAVES[0] as Buffer);
    const state = edge.state();
    edge.append(LEAVES[1] as Buffer);
    expect(new MerkleEdge(state).root()).toEqual(Uint8Array.from(LEAVES[0] as Buffer));
  });

  it('does not share memory with the state it came from', () => {
    const state = { size: 1, edge: Uint8Array.from(LEAVES[0] as Buffer) };
    const edge = new MerkleEdge(state);
    state.edge.fill(0);
    expect(Buffer.compare(edge.root(), LEAVES[0] as Buffer)).toBe(0);
  });

  it.each([
    { size: 3, edge: new Uint8Array(32) },
    { size: -1, edge: new Uint8Array() },
    { size: 2 ** 53, edge: new Uint8Array(32) },
    { size: 1.5, edge: new Uint8Array(32) },
  ])('refuses a state that is none: $size', (state) => {
    expect(() => new MerkleEdge(state)).toThrow(LogError);
  });

  it('refuses a subtree where none can stand', () => {
    const edge = new MerkleEdge();
    edge.append(LEAVES[0] as Buffer);
    expect(() => edge.append(LEAVES[1] as Buffer, 1)).toThrow(LogError);
  });
});

describe('proofs', () => {
  it('of inclusion are PATH of RFC 6962 and verify', async () => {
    const property = fc.asyncProperty(leafOf, async ([leafIndex, treeSize]) => {
      const claim = await inclusion(leafIndex, treeSize);
      expect(Buffer.concat(claim.proof)).toEqual(Buffer.concat(pathOf(leafIndex, LEAVES.slice(0, treeSize))));
      expect(verifyInclusion(claim)).toBe(true);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it('of consistency are PROOF of RFC 6962 and verify', async () => {
    const property = fc.asyncProperty(pair, async ([size1, size2]) => {
      const claim = await consistency(size1, size2);
      expect(Buffer.concat(claim.proof)).toEqual(Buffer.concat(subproof(size1, LEAVES.slice(0, size2), true)));
      expect(verifyConsistency(claim)).toBe(true);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it('exist for every leaf and size of a small tree', async () => {
    for (let treeSize = 1; treeSize <= 40; treeSize += 1) {
      for (let i = 0; i < treeSize; i += 1) expect(verifyInclusion(await inclusion(i, treeSize))).toBe(true);
      for (let i = 0; i <= treeSize; i += 1) expect(verifyConsistency(await consistency(i, treeSize))).toBe(true);
    }
  });

  it.each([
    [0, 0],
    [3, 3],
    [-1, 3],
    [0.5, 3],
    [0, 2 ** 53],
  ])('there is none for leaf %d of %d', async (leafIndex, treeSize) => {
    await expect(inclusionProof(leafIndex, treeSize, reader)).rejects.toMatchObject({ code: 'PROOF_IMPOSSIBLE' });
  });

  it('there is none of a larger tree in a smaller one', async () => {
    await expect(consistencyProof(4, 3, reader)).rejects.toMatchObject({ code: 'PROOF_IMPOSSIBLE' });
  });
});

describe('verification', () => {
  const otherSize = (claimed: number): fc.Arbitrary<number> =>
    fc.oneof(fc.nat(2 * MAX_SIZE), fc.maxSafeNat()).filter((n) => n !== claimed);

  it('refuses every change of an inclusion claim', async () => {
    const property = fc.asyncProperty(leafOf, fc.gen(), async ([leafIndex, treeSize], g) => {
      const claim = await inclusion(leafIndex, treeSize);
      const changes: Partial<InclusionClaim>[] = [
        { leafHash: flipped(claim.leafHash, g) },
        { root: flipped(claim.root, g) },
        { leafIndex: g(otherSize, leafIndex) },
        ...changedProofs(claim.proof, g).map((proof) => ({ proof })),
      ];
      for (const change of changes) expect(verifyInclusion({ ...claim, ...change })).toBe(false);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it('refuses every change of a consistency claim', async () => {
    const property = fc.asyncProperty(pair, fc.gen(), async ([size1, size2], g) => {
      const claim = await consistency(size1, size2);
      const changes: Partial<ConsistencyClaim>[] = [
        { root1: flipped(claim.root1, g) },
        { root2: flipped(claim.root2, g) },
        ...changedProofs(claim.proof, g).map((proof) => ({ proof })),
      ];
      for (const change of changes) expect(verifyConsistency({ ...claim, ...change })).toBe(false);
    });
    await fc.assert(property, { numRuns: 300 });
  });

  it('lets every tree begin with the empty one, and only with that', () => {
    const root2 = mth(LEAVES.slice(0, 5));
    const claim = { size1: 0, size2: 5, root1: EMPTY_ROOT, root2, proof: [] };
    expect(verifyConsistency(claim)).toBe(true);
    expect(verifyConsistency({ ...claim, size2: 0, root2: EMPTY_ROOT })).toBe(true);
    expect(verifyConsistency({ ...claim, root1: root2 })).toBe(false);
    expect(verifyConsistency({ ...claim, proof: [root2] })).toBe(false);
    expect(verifyConsistency({ ...claim, size2: 0 })).toBe(false);
    expect(verifyConsistency({ ...claim, root1: root2, size2: 0 })).toBe(false);
  });

  it('works where numbers have more than 32 bits', async () => {
    const treeSize = 2 ** 40 + 1;
    const leafHash = LEAVES[0] as Buffer;
    const proof = await inclusionProof(2 ** 33 + 1, treeSize, async (nodes) => nodes.map(() => leafHash));
    expect(proof).toHaveLength(41);
    const rootIfAt = (leafIndex: number): Buffer =>
      proof.reduce<Buffer>((hash, sibling, i) => {
        const isRight = Math.floor(leafIndex / 2 ** i) % 2 === 1;
        return isRight ? sha256(Buffer.of(1), sibling, hash) : sha256(Buffer.of(1), hash, sibling);
      }, leafHash);
    const claimedAt = (leafIndex: number): boolean =>
      verifyInclusion({ leafHash, leafIndex, treeSize, proof, root: rootIfAt(leafIndex) });
    expect(claimedAt(2 ** 33 + 1)).toBe(true);
    expect(claimedAt(2 ** 40)).toBe(false); // the last leaf stands alone: its path has one hash
  });

  const good = { leafHash: LEAVES[0] as Buffer, leafIndex: 0, treeSize: 1, proof: [], root: LEAVES[0] as Buffer };
  it.each([
    ['no proof', { proof: null }],
    ['a proof that is no array', { proof: 'abc' }],
    ['hashes in hex', { leafHash: good.leafHash.toString('hex') }],
    ['a short root', { root: new Uint8Array(31) }],
    ['a negative index', { leafIndex: -1 }],
    ['an index that is the size', { leafIndex: 1 }],
    ['a fraction', { leafIndex: 0.5 }],
    ['an index as text', { leafIndex: '0' }],
    ['a size that is no number', { treeSize: NaN }],
    ['a size beyond 2^53', { treeSize: 2 ** 53 }],
    ['an endless proof', { treeSize: 2 ** 53 - 1, proof: new Array<Uint8Array>(100_000).fill(good.leafHash) }],
    ['nothing for a hash', { leafHash: undefined }],
  ])('answers false to %s', (_, change) => {
    expect(verifyInclusion(good)).toBe(true);
    expect(verifyInclusion({ ...good, ...change } as InclusionClaim)).toBe(false);
  });

  it('answers false to hostile consistency claims', () => {
    const root1 = LEAVES[0] as Buffer;
    const claim = { size1: 1, size2: 1, root1, root2: root1, proof: [] };
    expect(verifyConsistency(claim)).toBe(true);
    for (const change of [
      { size1: -1 },
      { size2: 1e300 },
      { root1: [] },
      { proof: {} },
      { size1: '1' },
      { proof: [1] },
    ])
      expect(verifyConsistency({ ...claim, ...change } as unknown as ConsistencyClaim)).toBe(false);
  });
});

function flipped(hash: Uint8Array, g: fc.GeneratorValue): Uint8Array {
  const copy = Uint8Array.from(hash);
  const at = g(fc.nat, copy.length - 1);
  copy[at] = (copy[at] ?? 0) ^ (1 << g(fc.nat, 7));
  return copy;
}

function changedProofs(proof: readonly Uint8Array[], g: fc.GeneratorValue): Uint8Array[][] {
  const extra = LEAVES[g(fc.nat, MAX_SIZE - 1)] as Buffer;
  const longer = [
    [extra, ...proof],
    [...proof, extra],
    [...proof, new Uint8Array()],
  ];
  if (proof.length === 0) return longer;
  const at = g(fc.nat, proof.length - 1);
  const changed = proof.with(at, flipped(proof[at] as Uint8Array, g));
  return [...longer, changed, proof.slice(1), proof.slice(0, -1)];
}

describe('a consistency proof', () => {
  it('is refused for sizes that are none, and for a later tree that is smaller', () => {
    const root = merkleRoot([]);
    const claim = { size1: 0, size2: 5, root1: root, root2: root, proof: [] };
    expect(verifyConsistency(claim)).toBe(true);
    for (const wrong of [1.5, NaN, -1, Infinity, 2 ** 53]) {
      expect(verifyConsistency({ ...claim, size2: wrong })).toBe(false);
      expect(verifyConsistency({ ...claim, size1: wrong })).toBe(false);
      expect(verifyConsistency({ ...claim, size1: wrong, size2: wrong })).toBe(false);
    }
    expect(verifyConsistency({ ...claim, size1: 1, size2: 0 })).toBe(false);
  });
});
