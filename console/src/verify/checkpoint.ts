/**
 * A signed checkpoint of the log: that the root key of this page signed it for this log, and which of the witnesses that this page was told of cosigned
 * it (C2SP tlog-checkpoint, tlog-cosignature). A line of anybody else counts for nothing.
 */
import { fromBase64, type Bytes } from './bytes.ts';
import type { Tree } from './merkle.ts';
import { cosignedAt, isSignedBy, parseNote, type NamedKey } from './note.ts';

export interface Cosigned {
  readonly witness: string;
  /** ms since the Unix epoch, as the witness says */
  readonly at: number;
}

export interface Checkpoint extends Tree {
  readonly cosigned: readonly Cosigned[];
}

export interface Trusted {
  readonly root: NamedKey;
  readonly witnesses: readonly NamedKey[];
}

/** Why it is no checkpoint to build on. `isUnknown`: nothing was shown to be wrong. */
export interface Untrusted {
  readonly reason: string;
  readonly isUnknown: boolean;
}

const ROOT_BYTES = 32;
const SIZE = /^(?:0|[1-9][0-9]{0,15})$/;

export async function openCheckpoint(text: string, { root, witnesses }: Trusted): Promise<Checkpoint | Untrusted> {
  const note = parseNote(text);
  const tree = note === undefined ? undefined : treeIn(note.text);
  if (note === undefined || tree === undefined) return refused('the checkpoint is none');
  if (tree.origin.startsWith(`${root.name}/`))
    return {
      reason: 'the log was begun anew after a loss, which this page does not follow ("nervous verify" does)',
      isUnknown: true,
    };
  if (tree.origin !== root.name) return refused(`the checkpoint is of the log "${tree.origin}"`);
  if (!(await isSignedBy(note, root))) return refused('the checkpoint is not signed by the root key of this page');
  const cosigned: Cosigned[] = [];
  for (const witness of witnesses) {
    const at = await cosignedAt(note, witness);
    if (at === 'wrong') return refused(`the cosignature of ${witness.name} is wrong`);
    if (at !== undefined) cosigned.push({ witness: witness.name, at });
  }
  return { size: tree.size, root: tree.root, cosigned };
}

function treeIn(text: string): { readonly origin: string; readonly size: number; readonly root: Bytes } | undefined {
  const [origin, size, encoded, end, ...more] = text.split('\n');
  if (origin === undefined || size === undefined || encoded === undefined) return undefined;
  if (end !== '' || more.length > 0 || !SIZE.test(size) || !Number.isSafeInteger(Number(size))) return undefined;
  const root = fromBase64(encoded);
  return root?.length === ROOT_BYTES ? { origin, size: Number(size), root } : undefined;
}

function refused(reason: string): Untrusted {
  return { reason, isUnknown: false };
}
