/** What is signed together: whatever the runs are, every entry is linked and verifies alone, and trees keep to their rules. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EpochMs, IsoInstant } from '../../../../core/brands/index.ts';
import { CountingIds } from '../../../../adapters/memory/index.ts';
import { checked } from '../../../support/checked.ts';
import { leafHash, toHex } from '../../../../core/canonical/index.ts';
import {
  createSessionKey,
  isSignedBy,
  noteVerifier,
  parseBatchSignature,
  parseEntry,
  prepareEntry,
  sealInTrees,
  SignedTrees,
  type BatchSignature,
  type RunToSeal,
} from '../../../../core/ledger/index.ts';
import { ORIGIN } from '../ledger-fixture.ts';

const key = createSessionKey(new CountingIds().keyPair(), checked<EpochMs>(0));
const verifier = noteVerifier(key.name, key.publicKey);

function runOf(chain: string, length: number): RunToSeal {
  const at = checked<IsoInstant>('2026-11-21T09:00:00.000Z');
  const actor = { kind: 'module' as const, id: 'm' };
  const run = Array.from({ length }, (_, i) =>
    prepareEntry({ ledger: 'main', entity: chain, at }, { type: 'event', actor, idem: `${chain}-${i}`, data: {} }),
  );
  return { prev: toHex(leafHash(Buffer.from(chain))), seq: chain.length, run };
}

interface Seen {
  readonly chain: string;
  readonly prev: string;
  readonly hash: string;
  /** undefined: signed by itself */
  readonly batch: BatchSignature | undefined;
}

/** Seals them and reads each note by itself. */
function sealAndRead(lengths: readonly number[]): readonly (readonly Seen[])[] {
  const runs = lengths.map((length, i) => runOf(`chain-${i}`, length));
  const ids = new CountingIds();
  const sealed = sealInTrees(runs, key, { origin: ORIGIN, random: (bytes) => ids.bytes(bytes) });
  return sealed.map((entries, r) =>
    entries.map(({ note, hash }, i) => {
      const parsed = parseEntry(note);
      if (parsed.kind === 'unreadable') throw new Error(parsed.reason);
      const batch = parseBatchSignature(parsed.note.signatures[0]?.signature ?? Buffer.of());
      const isRight =
        batch === undefined
          ? isSignedBy(parsed.note, verifier)
          : new SignedTrees(ORIGIN).isSignedBy(parsed.note, verifier);
      expect([isRight, parsed.note.signatures.length, toHex(hash)]).toEqual([true, 1, toHex(leafHash(note))]);
      expect(parsed.body).toMatchObject({ seq: (runs[r]?.seq ?? 0) + i, idem: `chain-${r}-${i}` });
      return { chain: parsed.body.entity, prev: parsed.body.prev, hash: toHex(hash), batch };
    }),
  );
}

describe('sealing in trees', () => {
  it('links and signs every entry of any runs, with no two of a chain in a tree and no salt twice', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5), { maxLength: 40 }), (lengths) => {
        const runs = sealAndRead(lengths);
        expect(runs.map(({ length }) => length)).toEqual(lengths);
        for (const run of runs)
          for (const [i, entry] of run.entries()) if (i > 0) expect(entry.prev).toBe(run[i - 1]?.hash);
        const trees = new Map<string, Seen[]>();
        for (const entry of runs.flat()) {
          if (entry.batch === undefined) continue;
          const signature = toHex(entry.batch.signature);
          trees.set(signature, [...(trees.get(signature) ?? []), entry]);
        }
        for (const tree of trees.values()) {
          expect(tree.map(({ batch }) => batch?.size)).toEqual(tree.map(() => tree.length));
          expect(tree.map(({ batch }) => batch?.index)).toEqual([...tree.keys()]);
          expect(new Set(tree.map(({ chain }) => chain)).size).toBe(tree.length);
        }
        const salts = [...trees.values()].flat().map(({ batch }) => toHex(batch?.salt ?? Buffer.of()));
        expect(new Set(salts).size).toBe(salts.length);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    { chains: 1, sizes: [undefined] },
    { chains: 2, sizes: [2] },
    { chains: 15, sizes: [15] },
    { chains: 16, sizes: [16] },
    { chains: 17, sizes: [8, 9] },
    { chains: 33, sizes: [11, 11, 11] },
  ])('makes of $chains chains trees of $sizes', ({ chains, sizes }) => {
    const entries = sealAndRead(Array.from({ length: chains }, () => 1)).flat();
    const bySignature = new Map(entries.map(({ batch }) => [toHex(batch?.signature ?? Buffer.of()), batch?.size]));
    expect([...bySignature.values()]).toEqual(sizes);
  });

  it('signs what is alone by itself: the rest of the longest run', () => {
    const [long = [], short = []] = sealAndRead([3, 1]);
    expect([long, short].map((run) => run.map(({ batch }) => batch?.size))).toEqual([[2, undefined, undefined], [2]]);
  });
});
