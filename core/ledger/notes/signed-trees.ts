/**
 * Did a key sign the tree that a note's line leads to? Asked of Ed25519 once for all notes of a tree. It does not say which notes
 * may be signed in a tree: that is the reader's rule. Input is untrusted.
 */
import { verify } from 'node:crypto';
import { inclusionRoot } from '../merkle/merkle-verify.ts';
import { ProvenTree } from '../merkle/proven-tree.ts';
import {
  batchLeaf,
  batchMessage,
  parseBatchSignature,
  type BatchSignature,
  type BatchTree,
} from './batch-signature.ts';
import type { NoteVerifier, SignedNote } from './signed-note.ts';

/** Trees that are remembered, about 1,200 bytes each: the notes of a tree stand close to each other in the log. */
const MAX_TREES = 1_024;

/** A tree that was signed, and by whom. */
interface KnownTree {
  readonly verifier: NoteVerifier;
  readonly size: number;
  readonly signature: Uint8Array;
  readonly nodes: ProvenTree;
}

export class SignedTrees {
  private readonly origin: string;
  /** by the first bytes of the signature, which whoever asks compares whole */
  private readonly known = new Map<number, KnownTree>();

  /** @param origin of the ledger: a tree of another one's is signed by nobody */
  constructor(origin: string) {
    this.origin = origin;
  }

  /** True when one of the note's lines is a batch signature by this key, and right. */
  isSignedBy(note: SignedNote, verifier: NoteVerifier): boolean {
    return note.signatures.some((line) => {
      if (line.name !== verifier.name || Buffer.compare(line.keyId, verifier.batchKeyId) !== 0) return false;
      const batch = parseBatchSignature(line.signature);
      return batch !== undefined && this.leadsToSigned(batch, note.text, verifier);
    });
  }

  private leadsToSigned(batch: BatchSignature, text: Uint8Array, verifier: NoteVerifier): boolean {
    const { salt, size, index, path, signature } = batch;
    const leaf = batchLeaf(salt, text);
    const begin = Buffer.from(signature.buffer, signature.byteOffset, signature.byteLength).readUInt32LE();
    const tree = this.known.get(begin);
    if (tree !== undefined && isOf(tree, batch, verifier) && tree.nodes.leads(leaf, index, path)) return true;
    const root = inclusionRoot({ leafHash: leaf, leafIndex: index, treeSize: size, proof: path });
    if (root === undefined || !this.isSigned({ size, root }, signature, verifier)) return false;
    const nodes = new ProvenTree(size, root);
    nodes.leads(leaf, index, path);
    this.known.set(begin, { verifier, size, signature: Uint8Array.from(signature), nodes });
    if (this.known.size > MAX_TREES) this.known.delete(this.known.keys().next().value as number);
    return true;
  }

  private isSigned(tree: Pick<BatchTree, 'size' | 'root'>, signature: Uint8Array, verifier: NoteVerifier): boolean {
    const message = batchMessage({ ...tree, origin: this.origin, name: verifier.name });
    return verify(null, message, verifier.key, signature);
  }
}

/** The same key, size and signature: then the message differs in nothing but the root, which the nodes lead to. */
function isOf(tree: KnownTree, { size, signature }: BatchSignature, verifier: NoteVerifier): boolean {
  return tree.verifier === verifier && tree.size === size && Buffer.compare(tree.signature, signature) === 0;
}
