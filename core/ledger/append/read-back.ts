/**
 * After a failed commit: is it there all the same? The text at its place and the key that signs it tell; not the whole note, since what
 * was tried twice may have been signed in two trees. It decides nothing about what to do then.
 */
import { toHex } from '../../canonical/index.ts';
import type { AppendedEntry, PlacedEntry } from './append-types.ts';
import type { SealedEntry } from '../entries/entry.ts';
import type { CommitOutcome, EntryStore, StoredEntry } from '../entries/ports.ts';
import { readSigner } from '../entries/entry-place.ts';
import { noteText } from '../notes/signed-note.ts';

/** What was tried: entries in their places, and their bytes. */
export interface Tried {
  readonly entries: readonly PlacedEntry[];
  readonly sealed: readonly SealedEntry[];
}

/** What became of it. `recorded`: the commit failed, and is there. `unknown`: the store could not be read back either. */
export type Outcome =
  | CommitOutcome
  | { readonly kind: 'recorded'; readonly stored: readonly StoredEntry[] }
  | { readonly kind: 'absent'; readonly cause: unknown }
  | { readonly kind: 'unknown'; readonly cause: unknown };

/** @param cause with which the commit failed */
export async function readBack(store: Pick<EntryStore, 'read'>, tried: Tried, cause: unknown): Promise<Outcome> {
  try {
    const found: StoredEntry[] = [];
    for (const [i, { chain, seq }] of tried.entries.entries()) {
      const [stored] = await store.read(chain, seq, 1);
      if (stored?.seq !== seq) return { kind: 'absent', cause };
      if (!isOurs(stored, tried.sealed[i] as SealedEntry)) return { kind: 'conflict', chain, winner: stored };
      found.push(stored);
    }
    return { kind: 'recorded', stored: found };
  } catch {
    return { kind: 'unknown', cause };
  }
}

/** The entries as they stand in the store: with their log indices, and the hashes of the notes that are there. */
export function asStored(
  { entries }: Tried,
  outcome: Extract<Outcome, { kind: 'committed' | 'recorded' }>,
): readonly AppendedEntry[] {
  if (outcome.kind === 'committed') return entries.map((entry, i) => ({ ...entry, position: outcome.positions[i] }));
  return outcome.stored.map(({ position, hash }, i) => ({
    ...(entries[i] as PlacedEntry),
    ...{ position, hash: toHex(hash) },
  }));
}

/**
 * The same words by the same key: no process but this one has it, and it records no place twice. Another process may want the
 * same words in the same place at the same millisecond; they are then its entry, and not ours.
 */
function isOurs(stored: SealedEntry, ours: SealedEntry): boolean {
  return (
    Buffer.compare(noteText(stored.note), noteText(ours.note)) === 0 &&
    readSigner(stored.note) === readSigner(ours.note)
  );
}
