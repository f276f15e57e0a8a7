/** One entry read back from the ledger, where the record alone is not to be trusted or not enough. */
import { toHex } from '../../canonical/index.ts';
import { parseEntry, type EntryStore } from '../../ledger/index.ts';
import { refuse } from './errors.ts';
import type { ChainEntry } from './steps.ts';

/** @throws ChangeError when there is no readable entry in that place */
export async function readEntry(entries: EntryStore, chain: string, seq: number): Promise<ChainEntry> {
  const [stored] = await entries.read(chain, seq, 1);
  const parsed = stored?.seq === seq ? parseEntry(stored.note) : undefined;
  if (stored === undefined || parsed?.kind !== 'entry')
    return refuse('CHANGE_STATE_CONFLICT', `the entry ${seq} of ${chain} cannot be read: verify the ledger`);
  return { body: parsed.body, hash: toHex(stored.hash) };
}
