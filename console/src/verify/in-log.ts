/**
 * The place of an entry in the log, verified by this browser from the proof that the server sent (C2SP tlog-proof): the entry that was verified,
 * its path to the root, the root key's signature over it, witnesses, and that the log continues every checkpoint that this page saw before.
 */
import { concat, fromBase64, isSame, sha256, utf8, type Bytes } from './bytes.ts';
import { openCheckpoint, type Checkpoint, type Trusted } from './checkpoint.ts';
import { continues, rootFrom, type ReadTile, type Tree } from './merkle.ts';

export type Place =
  | { readonly kind: 'placed'; readonly index: number; readonly checkpoint: Checkpoint; readonly continued: number }
  /** something is wrong */
  | { readonly kind: 'refused'; readonly reason: string }
  /** not verified here. `isStrange`: a server that had nothing to hide could have shown it */
  | { readonly kind: 'unknown'; readonly reason: string; readonly isStrange?: true };

export interface ToPlace extends Trusted {
  readonly proof: Uint8Array;
  /** the signed note of the entry, as it was verified */
  readonly note: string;
  /** checkpoints that this page had verified before it asked */
  readonly seen: readonly Tree[];
  readonly readTile: ReadTile;
}

interface Proof {
  readonly entry: Bytes;
  readonly index: number;
  readonly path: readonly Bytes[];
  readonly note: string;
}

const HEADER = 'c2sp.org/tlog-proof@v1';
const HASH_BYTES = 32;

export async function placeInLog({ proof: bytes, note, seen, readTile, ...trusted }: ToPlace): Promise<Place> {
  const proof = parseProof(bytes);
  if (proof === undefined) return refused('the proof is none');
  const entry = utf8(note);
  if (!isSame(proof.entry, entry)) return refused('the proof is of another entry');
  const checkpoint = await openCheckpoint(proof.note, trusted);
  if ('reason' in checkpoint) return { kind: checkpoint.isUnknown ? 'unknown' : 'refused', reason: checkpoint.reason };
  const { index, path } = proof;
  const root =
    index < checkpoint.size
      ? await rootFrom(await sha256(concat(Uint8Array.of(0), entry)), { size: checkpoint.size, index, path })
      : undefined;
  if (root === undefined || !isSame(root, checkpoint.root))
    return refused(`the entry is not at index ${index} of the log of ${checkpoint.size} that the root key signed`);
  return (await strayed(checkpoint, seen, readTile)) ?? { kind: 'placed', index, checkpoint, continued: seen.length };
}

/** undefined: it continues all of them */
async function strayed(checkpoint: Checkpoint, seen: readonly Tree[], read: ReadTile): Promise<Place | undefined> {
  for (const before of seen) {
    if (before.size > checkpoint.size)
      return refused(`the log had ${before.size} entries when this page asked before, and now has ${checkpoint.size}`);
    const isSameLog = await continues(before, checkpoint, read).catch((error: unknown) => String(error));
    if (typeof isSameLog === 'string')
      return {
        kind: 'unknown',
        isStrange: true,
        reason: `the server does not show that the log continues what this page saw of it: ${isSameLog}`,
      };
    if (!isSameLog)
      return refused(
        `the root key signed two logs: the one of ${checkpoint.size} entries does not continue the one of ${before.size} that this page saw before`,
      );
  }
  return undefined;
}

function parseProof(bytes: Uint8Array): Proof | undefined {
  const text = textOf(bytes);
  const split = text?.indexOf('\n\n') ?? -1;
  if (text === undefined || split < 0) return undefined;
  const [header, extra = '', index = '', ...hashes] = text.slice(0, split).split('\n');
  const entry = extra.startsWith('extra ') ? fromBase64(extra.slice('extra '.length)) : undefined;
  const [, at] = /^index (0|[1-9][0-9]{0,15})$/.exec(index) ?? [];
  const path = hashes.map(fromBase64).filter((hash) => hash?.length === HASH_BYTES);
  if (header !== HEADER || entry === undefined || at === undefined || path.length !== hashes.length) return undefined;
  return { entry, index: Number(at), path: path as readonly Bytes[], note: text.slice(split + 2) };
}

function textOf(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function refused(reason: string): Place {
  return { kind: 'refused', reason };
}
