/** A verdict on a proof that somebody was given: it needs nothing but the proof and the public root key. */
import { parseEntry } from '../entries/entry.ts';
import { nothingChecked, type VerificationReport } from '../entries/verification.ts';
import { checkProof } from '../log/log-proof.ts';
import { ed25519Key } from '../notes/open-note.ts';
import { OUTSIDE_PROOF, provenIn } from './report-words.ts';
import type { TrustedRoot } from './verify-entry.ts';

export function verifyProof(proof: Uint8Array, root: TrustedRoot): VerificationReport {
  const checked = checkProof(proof, [ed25519Key(root.name, root.publicKey)], root.name);
  if (checked.verdict !== 'OK') {
    const { verdict, detail } = checked;
    return nothingChecked({ verdict, entity: '(proof)', seq: 0, detail }, OUTSIDE_PROOF.about);
  }
  const { entry, index, checkpoint } = checked;
  const parsed = parseEntry(entry);
  const what = parsed.kind === 'entry' ? `entry "${parsed.body.entity}" #${parsed.body.seq}` : 'an entry of other form';
  const rootHash = Buffer.from(checkpoint.root).toString('base64');
  return {
    verdict: 'OK',
    ...{ entries: 1, chains: 1 },
    against: [{ kind: 'published', size: checkpoint.size, root: rootHash, by: root.name }],
    checked: [provenIn(what, { index, size: checkpoint.size, by: root.name })],
    notChecked: [OUTSIDE_PROOF.key, OUTSIDE_PROOF.place],
  };
}
