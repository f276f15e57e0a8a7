/** Who was entitled to what is recorded in a store, as verification finds it from the entries alone. */
import { indexForReplay, replayLog } from '../../core/system/index.ts';
import type { EntryStore, ReplayReport } from '../../core/ledger/index.ts';

export async function replayed(
  entries: Pick<EntryStore, 'read' | 'readLog' | 'size'>,
  { isCommitOrder = true, ledger = 'main' } = {},
): Promise<ReplayReport> {
  const index = await indexForReplay({ entries }, await entries.size());
  return replayLog({ ledger, entries, ...(isCommitOrder ? {} : { chains: entries }) }, index);
}
