/**
 * Makes a verifying thread give way to those that serve, sign and store, because the caller of a verification can wait and the
 * others should not.
 */
import { availableParallelism, constants, setPriority } from 'node:os';

/** One core serves, and one signs and syncs. */
const SERVING_CORES = 2;
/** Each takes some 40 MB at work. */
const MAX_THREADS = 8;
/** A thread takes about 100 ms to begin: fewer entries are not worth one. */
export const MIN_ENTRIES_PER_THREAD = 5_000;

export function giveWay(): void {
  // Elsewhere it would be the whole process's priority; Linux keeps one for each thread, and 0 is the calling one.
  if (process.platform === 'linux') setPriority(0, constants.priority.PRIORITY_BELOW_NORMAL);
}

/**
 * How many verify at once. Beside an engine two cores fewer than there are: with one on every core the others waited up to
 * twice as long, though these threads give way.
 */
export function verifyingThreads({ besideEngine }: { readonly besideEngine: boolean }): number {
  return Math.max(1, Math.min(MAX_THREADS, availableParallelism() - (besideEngine ? SERVING_CORES : 0)));
}

/** As many of them as so many entries are worth. 1: whoever asks does it without another thread. */
export function threadsFor(entries: number, beside: { readonly besideEngine: boolean }): number {
  return Math.max(1, Math.min(verifyingThreads(beside), Math.floor(entries / MIN_ENTRIES_PER_THREAD)));
}
