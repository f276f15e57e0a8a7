/** When the witness last said that a checkpoint is the newest it knows. */
import { cosignatureTime, openNote, type NoteKey } from '../../core/ledger/index.ts';

/** @returns milliseconds since the Unix epoch; undefined when that witness has not cosigned it */
export function confirmedAt(note: Uint8Array, witness: NoteKey): number | undefined {
  const opened = openNote(note, [witness]);
  const seconds =
    opened.kind === 'opened' ? cosignatureTime(opened.signatures[0]?.signature ?? new Uint8Array()) : undefined;
  return seconds === undefined ? undefined : seconds * 1_000;
}
