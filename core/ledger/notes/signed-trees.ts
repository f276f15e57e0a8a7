/**
 * Did a key sign the tree that a note's line leads to? Asked of Ed25519 once for all notes of a tree. It does not say which notes
 * may be signed in a tree: that is the reader's rule. Input is untrusted.
 */
import { verify } from 'node:crypto';
import { batchMessage, batchRoot, parseBatchSignature, type BatchTree } from './batch-signature.ts';
import type { NoteVerifier, SignedNote } from './signed-note.ts';

/** Trees whose verdict is remembered, about 300 bytes each: the notes of a tree stand close to each other in the log. */
const MAX_TREES = 1_024;

export class SignedTrees {
  private readonly origin: string;
  /** by key, signature and what of the message is not the same for all: name, size and root */
  private readonly verdicts = new Map<string, boolean>();

  /** @param origin of the ledger: a tree of another one's is signed by nobody */
  constructor(origin: string) {
    this.origin = origin;
  }

  /** True when one of the note's lines is a batch signature by this key, and right. */
  isSignedBy(note: SignedNote, verifier: NoteVerifier): boolean {
    return note.signatures.some((line) => {
      if (line.name !== verifier.name || Buffer.compare(line.keyId, verifier.batchKeyId) !== 0) return false;
      const batch = parseBatchSignature(line.signature);
      const root = batch === undefined ? undefined : batchRoot(batch, note.text);
      if (batch === undefined || root === undefined) return false;
      return this.isSigned({ size: batch.size, root }, batch.signature, verifier);
    });
  }

  private isSigned(tree: Pick<BatchTree, 'size' | 'root'>, signature: Uint8Array, verifier: NoteVerifier): boolean {
    const { key, name, publicKey } = verifier;
    const bytes = Buffer.concat([publicKey, signature, Buffer.of(tree.size), tree.root]);
    const asked = `${name}\n${bytes.toString('latin1')}`;
    const known = this.verdicts.get(asked);
    if (known !== undefined) return known;
    const isRight = verify(null, batchMessage({ ...tree, origin: this.origin, name }), key, signature);
    this.verdicts.set(asked, isRight);
    if (this.verdicts.size > MAX_TREES) this.verdicts.delete(this.verdicts.keys().next().value as string);
    return isRight;
  }
}
