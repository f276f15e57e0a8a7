/**
 * Sealing with one signature for up to sixteen entries of as many chains. An entry names the hash of the note before it in its
 * chain, and that note holds its tree's signature: so of each chain at most one entry is in a tree. Pure and synchronous, so it
 * can run on any thread. What the root key signs too never comes here.
 */
import type { ChainHash } from '../../brands/index.ts';
import { toHex } from '../../canonical/index.ts';
import { entryText, sealText, type PreparedEntry, type SealedEntry } from '../entries/entry.ts';
import type { RunToSeal } from '../entries/ports.ts';
import { growSmallTree } from '../merkle/small-tree.ts';
import {
  batchKeyId,
  batchLeaf,
  batchMessage,
  formatBatchSignature,
  LEAF_SALT_BYTES,
  MAX_TREE,
} from '../notes/batch-signature.ts';
import { signatureLine, signText, type NoteSigner } from '../notes/signed-note.ts';

export interface TreeSigner extends NoteSigner {
  readonly keyId: Uint8Array;
}

/** A run under way: what its next entry is built on. */
interface Tip {
  readonly run: readonly PreparedEntry[];
  prev: ChainHash;
  seq: number;
  readonly sealed: SealedEntry[];
}

/**
 * One run for each chain, sealed in steps: the first entries of all, then the second ones …
 * @param origin of the ledger
 * @param random so many bytes that nobody can guess, for salts
 */
export function sealInTrees(
  runs: readonly RunToSeal[],
  signer: TreeSigner,
  { origin, random }: { readonly origin: string; readonly random: (bytes: number) => Uint8Array },
): SealedEntry[][] {
  const tips = runs.map(({ prev, seq, run }): Tip => ({ run, prev, seq, sealed: [] }));
  const keyId = batchKeyId(signer.name, signer.publicKey);
  for (let step = 0, open = tips; ; step += 1) {
    open = open.filter(({ run }) => step < run.length);
    if (open.length === 0) break;
    for (const tree of inTrees(open)) sealStep(tree, { signer, keyId, origin, random });
  }
  return tips.map(({ sealed }) => sealed);
}

/** As few trees as possible, of about the same size. */
function inTrees(tips: readonly Tip[]): Tip[][] {
  const trees = Math.ceil(tips.length / MAX_TREE);
  const edge = (tree: number): number => Math.floor((tips.length * tree) / trees);
  return Array.from({ length: trees }, (_, tree) => tips.slice(edge(tree), edge(tree + 1)));
}

interface Signing {
  readonly signer: TreeSigner;
  /** where it signs trees */
  readonly keyId: Uint8Array;
  readonly origin: string;
  readonly random: (bytes: number) => Uint8Array;
}

/** The next entry of each. */
function sealStep(tips: readonly Tip[], { signer, keyId, origin, random }: Signing): void {
  const texts = tips.map(({ run, prev, seq, sealed }) => entryText(run[sealed.length] as PreparedEntry, prev, seq));
  const [alone] = texts;
  if (texts.length === 1 && alone !== undefined) {
    advance(tips[0] as Tip, sealText(alone, signatureLine(signer.name, signer.keyId, signText(signer, alone))));
    return;
  }
  const size = texts.length;
  const salts = random(size * LEAF_SALT_BYTES);
  const saltOf = (i: number): Uint8Array => salts.subarray(i * LEAF_SALT_BYTES, (i + 1) * LEAF_SALT_BYTES);
  const { root, proofs } = growSmallTree(texts.map((text, i) => batchLeaf(saltOf(i), text)));
  const signature = signText(signer, batchMessage({ origin, name: signer.name, size, root }));
  for (const [i, text] of texts.entries()) {
    const path = proofs[i] as readonly Uint8Array[];
    const line = formatBatchSignature({ salt: saltOf(i), size, index: i, path, signature });
    advance(tips[i] as Tip, sealText(text, signatureLine(signer.name, keyId, line)));
  }
}

function advance(tip: Tip, sealed: SealedEntry): void {
  tip.sealed.push(sealed);
  tip.prev = toHex(sealed.hash);
  tip.seq += 1;
}
