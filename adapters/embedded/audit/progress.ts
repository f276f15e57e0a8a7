/** How far a verification has come: counted by all its threads, read by whoever waits for it. It says nothing about a verdict. */

const LOOKED_AT = 0;
const OF = 1;

export interface Progress {
  /** entries looked at so far */
  readonly entries: number;
  /** that there are to look at; 0: not known yet */
  readonly of: number;
}

/** On memory that threads share. */
export type SharedProgress = Int32Array<SharedArrayBuffer>;

export function createProgress(): SharedProgress {
  return new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
}

export function beginProgress(progress: SharedProgress | undefined, of: number): void {
  if (progress !== undefined) Atomics.store(progress, OF, of);
}

export function countLooked(progress: SharedProgress | undefined, entries: number): void {
  if (progress !== undefined) Atomics.add(progress, LOOKED_AT, entries);
}

export function progressOf(progress: SharedProgress): Progress {
  return { entries: Atomics.load(progress, LOOKED_AT), of: Atomics.load(progress, OF) };
}
