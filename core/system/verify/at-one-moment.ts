/** What is kept beside a chain, as it was at one moment of the chain: an engine may be writing to both while they are read. */
import type { EntryStore } from '../../ledger/index.ts';

/** Each look takes a few reads: a chain that grew during every one of them is written to by something else than an engine. */
const MAX_READS = 1_000;

/**
 * What is kept is written together with entries of the chain, so what was read belongs to an end that stood before and after.
 * @returns what was read, and how many entries the chain had
 * @throws Error when the chain never held still
 */
export async function atOneMoment<T>(
  entries: Pick<EntryStore, 'head'>,
  chain: string,
  read: () => Promise<T>,
): Promise<{ readonly kept: T; readonly length: number }> {
  let before = await lengthOf(entries, chain);
  for (let reads = 0; reads < MAX_READS; reads += 1) {
    const kept = await read();
    const length = await lengthOf(entries, chain);
    if (length === before) return { kept, length };
    before = length;
  }
  throw new Error(
    `"${chain}" grew each of ${MAX_READS} times that it was looked at: verify again when less is written to it`,
  );
}

async function lengthOf(entries: Pick<EntryStore, 'head'>, chain: string): Promise<number> {
  return ((await entries.head(chain))?.seq ?? -1) + 1;
}
