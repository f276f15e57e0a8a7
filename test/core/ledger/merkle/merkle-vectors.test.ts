/** Published Merkle proofs, good and corrupted (transparency-dev/merkle); see test/vectors/README.md. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { verifyConsistency, verifyInclusion } from '../../../../core/ledger/index.ts';

interface Case {
  readonly case: string;
  readonly desc: string;
  readonly wantErr: boolean;
  readonly proof: readonly string[] | null;
}
type InclusionCase = Case & Record<'leafIdx' | 'treeSize', number> & Record<'root' | 'leafHash', string>;
type ConsistencyCase = Case & Record<'size1' | 'size2', number> & Record<'root1' | 'root2', string>;

const folder = resolve(import.meta.dirname, '../../../vectors/rfc6962');

function read<T>(file: string): T[] {
  return JSON.parse(readFileSync(resolve(folder, file), 'utf8')) as T[];
}

const bytes = (base64: string): Uint8Array => Buffer.from(base64, 'base64');
const path = ({ proof }: Case): Uint8Array[] => (proof ?? []).map(bytes);

describe('RFC 6962 vectors', () => {
  const inclusion = read<InclusionCase>('inclusion.json');
  const consistency = read<ConsistencyCase>('consistency.json');

  it('are there, good ones and bad ones', () => {
    expect([inclusion.length, consistency.length]).toEqual([49, 49]);
    for (const cases of [inclusion, consistency]) expect(new Set(cases.map((one) => one.wantErr)).size).toBe(2);
  });

  it.each(inclusion)('$case', (one) => {
    const { leafIdx: leafIndex, treeSize, wantErr } = one;
    const claim = { leafIndex, treeSize, leafHash: bytes(one.leafHash), root: bytes(one.root), proof: path(one) };
    expect(verifyInclusion(claim)).toBe(!wantErr);
  });

  it.each(consistency)('$case', (one) => {
    const { size1, size2, wantErr } = one;
    const claim = { size1, size2, root1: bytes(one.root1), root2: bytes(one.root2), proof: path(one) };
    expect(verifyConsistency(claim)).toBe(!wantErr);
  });
});
