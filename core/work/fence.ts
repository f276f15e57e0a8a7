/**
 * Fences: what is done under a claim is recorded on condition that the claim still stands, in the same write. The item of a fence is
 * put by the claim and deleted by its end, and never changed, so whoever checks it knows its version without a read. Its name holds
 * the holder too, so a fence serves nobody else.
 */
import type { ItemKey, ItemStore, ItemWrite } from '../ledger/index.ts';
import { WorkError } from './errors.ts';
import type { WorkRef } from './work-input.ts';

const FIRST_VERSION = 1;
const PREFIX = 'work:';

/** The chain on which claims of the work are told. */
export function workChain(workId: string): string {
  return `${PREFIX}${workId}`;
}

export function fenceKey(ledger: string, { workId, fence }: WorkRef, by: string): ItemKey {
  return { pk: `${ledger}#work-fence#${workId}`, sk: `${fence}#${by}` };
}

/** The condition that this claim stands, and is theirs. */
export function fenceCheck(ledger: string, ref: WorkRef, by: string): ItemWrite {
  return { kind: 'check', key: fenceKey(ledger, ref, by), expect: FIRST_VERSION };
}

/** Whether this claim stands just now; whatever rests on it checks it in its own write. */
export async function isStanding(
  { ledger, items }: { readonly ledger: string; readonly items: Pick<ItemStore, 'get'> },
  ref: WorkRef,
  by: string,
): Promise<boolean> {
  return (await items.get(fenceKey(ledger, ref, by)))?.version === FIRST_VERSION;
}

/** Whether what was not as expected is the fence of this claim. */
export function isFence(ledger: string, failed: ItemKey, ref: WorkRef, by: string): boolean {
  const { pk, sk } = fenceKey(ledger, ref, by);
  return failed.pk === pk && failed.sk === sk;
}

export function fenceStale({ workId, fence }: WorkRef, by: string): WorkError {
  const message = `no claim of ${by} on "${workId}" stands with fence ${fence}: it has ended, or is another's; stop this work`;
  return new WorkError({ code: 'FENCE_STALE', message });
}
