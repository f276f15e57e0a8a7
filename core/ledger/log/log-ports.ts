/**
 * What the public log needs from outside: files that anyone may read, write-once storage for checkpoints, witnesses.
 * Each method says what is true afterwards. Adapters: folders (adapters/embedded), S3 (adapters/aws).
 */
import type { NoteKey } from '../notes/open-note.ts';
import type { ReadLogFile } from '../merkle/tile-reader.ts';

export interface LogFiles {
  /** Whole files by their path; sees every write that was answered. */
  readonly read: ReadLogFile;
  /** Durable on return; replaces whole or not at all. If it rejects, the file may have been written. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** Writes the file `checkpoint` if it still is `before`: two publishers never move it backwards. False: it is not. */
  replaceCheckpoint(note: Uint8Array, before: Uint8Array | undefined): Promise<boolean>;
  /** Removes the partial tiles or bundles of a full one. Losing this call costs space only. */
  removePartials(fullPath: string): Promise<void>;
}

/** Write-once: what was put stays, byte for byte, whoever asks to change it. */
export interface AnchorStore {
  /** Puts if absent, durable on return. If it rejects, it may have been put: putting again is harmless. */
  put(size: number, note: Uint8Array): Promise<'stored' | 'exists'>;
  read(size: number): Promise<Uint8Array | undefined>;
  /** Sizes that are anchored, ascending, greater than `after`. */
  sizes(after: number, limit: number): Promise<readonly number[]>;
  newest(): Promise<number | undefined>;
}

/** https://c2sp.org/tlog-witness. Somebody else's process, with its own key and its own memory. */
export interface Witness {
  readonly key: NoteKey;
  /** @param body of the request, as the specification has it. Rejects when there is no answer. */
  addCheckpoint(body: Uint8Array): Promise<{ readonly status: number; readonly body: string }>;
}
