/** Batch signatures one line at a time: published cases, every byte changed, and what one verdict may never say of another line. */
import { createPrivateKey, createPublicKey } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  batchKeyId,
  batchLeaf,
  batchMessage,
  formatBatchSignature,
  isBatchSignature,
  isSignedBy,
  keyChain,
  noteVerifier,
  parseBatchSignature,
  parseNote,
  signatureLine,
  SignedTrees,
  signText,
  type NoteSigner,
} from '../../../../core/ledger/index.ts';
import { nodeHash } from '../../../../core/ledger/merkle/merkle-hash.ts';
import { growSmallTree } from '../../../../core/ledger/merkle/small-tree.ts';

interface Case {
  readonly case: string;
  readonly verdict: 'right' | 'wrong' | 'malformed';
  readonly origin: string;
  /** base64 */
  readonly publicKey: string;
  readonly text: string;
  readonly line: string;
}

const folder = resolve(import.meta.dirname, '../../../vectors/batch-signatures');
const cases = readFileSync(resolve(folder, 'cases.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Case);

const ORIGIN = 'nervous.example/dev/main';

function signer(seed: number): NoteSigner {
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), Buffer.alloc(32, seed)]);
  const privateKey = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-32);
  return { name: keyChain(publicKey), publicKey, privateKey };
}

function verdictOf(text: string, line: string, publicKey: Uint8Array, trees: SignedTrees): Case['verdict'] {
  const note = parseNote(Buffer.from(`${text}\n${line}`));
  if ('malformed' in note) return 'malformed';
  return trees.isSignedBy(note, noteVerifier(keyChain(publicKey), publicKey)) ? 'right' : 'wrong';
}

describe('the cases of test/vectors/batch-signatures', () => {
  it('are judged as they say, each by itself', () => {
    const wrong = cases.filter((one) => {
      const key = Buffer.from(one.publicKey, 'base64');
      return verdictOf(one.text, one.line, key, new SignedTrees(one.origin)) !== one.verdict;
    });
    expect(wrong.map((one) => one.case)).toEqual([]);
    expect(cases.length).toBeGreaterThan(300);
  });

  it('are judged the same by a reader that has judged all the others before, in either order', () => {
    const readers = new Map<string, SignedTrees>();
    const readerOf = (origin: string): SignedTrees => {
      const reader = readers.get(origin) ?? new SignedTrees(origin);
      readers.set(origin, reader);
      return reader;
    };
    const wrong = [...cases, ...cases.toReversed(), ...cases].filter((one) => {
      const key = Buffer.from(one.publicKey, 'base64');
      return verdictOf(one.text, one.line, key, readerOf(one.origin)) !== one.verdict;
    });
    expect(wrong.map((one) => one.case)).toEqual([]);
  });

  it('are no plain signatures of the key, but the one that is', () => {
    const plain = cases.filter((one) => {
      const key = Buffer.from(one.publicKey, 'base64');
      const note = parseNote(Buffer.from(`${one.text}\n${one.line}`));
      return !('malformed' in note) && isSignedBy(note, noteVerifier(keyChain(key), key));
    });
    expect(plain.map((one) => one.case)).toEqual(['a plain signature']);
  });
});

describe('a batch signature', () => {
  const key = signer(1);
  const texts = Array.from({ length: 5 }, (_, i) => Buffer.from(`nervous-system.entry.v1\nentry ${i}\n`));
  const salts = texts.map((_, i) => Buffer.alloc(16, i + 1));
  const { root, proofs } = growSmallTree(texts.map((text, i) => batchLeaf(salts[i] as Buffer, text)));
  const signature = signText(key, batchMessage({ origin: ORIGIN, name: key.name, size: 5, root }));
  const blobOf = (index: number): Uint8Array =>
    formatBatchSignature({
      salt: salts[index] as Buffer,
      size: 5,
      index,
      path: proofs[index] as Uint8Array[],
      signature,
    });
  const lineOf = (blob: Uint8Array, of: NoteSigner = key): string =>
    signatureLine(of.name, batchKeyId(of.name, of.publicKey), blob);

  it('is not right with any one of its bytes changed, nor with any of its text', () => {
    const trees = new SignedTrees(ORIGIN);
    const text = String(texts[1]);
    const blob = blobOf(1);
    expect(verdictOf(text, lineOf(blob), key.publicKey, trees)).toBe('right');
    for (let at = 0; at < blob.length; at += 1)
      for (const bit of [1, 128]) {
        const changed = blob.map((byte, i) => (i === at ? byte ^ bit : byte));
        expect(verdictOf(text, lineOf(changed), key.publicKey, trees), `byte ${at}`).not.toBe('right');
      }
    for (let at = 0; at < text.length; at += 1) {
      const changed = `${text.slice(0, at)}x${text.slice(at + 1)}`;
      expect(verdictOf(changed, lineOf(blob), key.publicKey, trees), `character ${at}`).not.toBe('right');
    }
  });

  it('has one length for each index and size, and no other', () => {
    const lengths = new Map<string, number[]>();
    for (let size = 0; size < 256; size += 1)
      for (let index = 0; index < 20; index += 1)
        for (let length = 0; length < 300; length += 1) {
          const blob = new Uint8Array(length);
          if (length > 17) blob.set([size, index], 16);
          if (isBatchSignature(blob))
            lengths.set(`${index}/${size}`, [...(lengths.get(`${index}/${size}`) ?? []), length]);
        }
    // 2 + 3 + … + 16 places
    expect(lengths.size).toBe(135);
    expect([...lengths.values()].every(({ length }) => length === 1)).toBe(true);
    expect([lengths.get('0/2'), lengths.get('2/3'), lengths.get('0/3'), lengths.get('15/16')]).toEqual([
      ...[[114], [114], [146], [210]],
    ]);
  });

  it('is read back as it was written', () => {
    for (const index of texts.keys()) {
      const parsed = parseBatchSignature(blobOf(index));
      expect(parsed).toMatchObject({ size: 5, index });
      expect(Buffer.from(formatBatchSignature(parsed as NonNullable<typeof parsed>))).toEqual(
        Buffer.from(blobOf(index)),
      );
    }
  });

  it('counts for the key that made it alone, whatever was asked before', () => {
    const other = signer(4);
    const trees = new SignedTrees(ORIGIN);
    const text = String(texts[0]);
    expect(verdictOf(text, lineOf(blobOf(0)), key.publicKey, trees)).toBe('right');
    expect(verdictOf(text, lineOf(blobOf(0), other), other.publicKey, trees)).toBe('wrong');
    expect(verdictOf(text, lineOf(blobOf(0)), key.publicKey, new SignedTrees('nervous.example/dev/other'))).toBe(
      'wrong',
    );
    expect(verdictOf(text, lineOf(blobOf(0)), key.publicKey, trees)).toBe('right');
  });

  it('has leaves that are no nodes: the same bytes hash to something else', () => {
    const [left, right] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const joined = Buffer.concat([left, right]);
    expect(batchLeaf(joined.subarray(0, 16), joined.subarray(16))).not.toEqual(nodeHash(left, right));
  });

  it('keeps the trees it knows within bounds, none of a wrong line, and is asked again for what was forgotten', () => {
    const trees = new SignedTrees(ORIGIN);
    const { known } = trees as unknown as { known: Map<number, unknown> };
    const text = String(texts[0]);
    const wrong = blobOf(0).map((byte, at) => (at === 20 ? byte ^ 1 : byte));
    expect(verdictOf(text, lineOf(wrong), key.publicKey, trees)).toBe('wrong');
    expect(known.size).toBe(0);
    expect(verdictOf(text, lineOf(blobOf(0)), key.publicKey, trees)).toBe('right');
    const forgotten = [...known.keys()];
    for (let i = 0; i < 1_024; i += 1)
      expect(verdictOf(text, lineOf(blobOfTree(i)), key.publicKey, trees)).toBe('right');
    expect(known.size).toBe(1_024);
    expect(forgotten.some((begin) => known.has(begin))).toBe(false);
    expect(verdictOf(text, lineOf(blobOf(0)), key.publicKey, trees)).toBe('right');
  });

  /** of the first two texts, with a salt of its own: a tree that no other number has */
  function blobOfTree(number: number): Uint8Array {
    const salt = Buffer.alloc(16);
    salt.writeUInt32BE(number);
    const tree = growSmallTree(texts.slice(0, 2).map((one) => batchLeaf(salt, one)));
    const message = batchMessage({ origin: ORIGIN, name: key.name, size: 2, root: tree.root });
    const path = tree.proofs[0] as Uint8Array[];
    return formatBatchSignature({ salt, size: 2, index: 0, path, signature: signText(key, message) });
  }
});
