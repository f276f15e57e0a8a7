/**
 * Which entry brought the policy into force: the last one on the policy's chain that wrote its document. For items that do
 * not name it, because they were written before items did.
 */
import { toHex } from '../canonical/index.ts';
import { parseEntry, type EntryStore } from '../ledger/index.ts';
import { WRITES_DOCUMENT } from './authority.ts';
import { PolicyError } from '../policy/index.ts';
import { POLICY_ENTITY } from './state-store.ts';
import type { PolicyEntry } from './steps.ts';

const PAGE = 100;

/** @throws PolicyError POLICY_UNREADABLE: none has */
export async function lastPolicyEntry(entries: Pick<EntryStore, 'head' | 'read'>): Promise<PolicyEntry> {
  const head = await entries.head(POLICY_ENTITY);
  for (let end = (head?.seq ?? -1) + 1; end > 0; end -= PAGE) {
    const from = Math.max(0, end - PAGE);
    const page = await entries.read(POLICY_ENTITY, from, end - from);
    const last = page.findLast(({ note }) => {
      const parsed = parseEntry(note);
      return parsed.kind === 'entry' && WRITES_DOCUMENT.has(parsed.body.type);
    });
    if (last !== undefined) return { seq: last.seq, hash: toHex(last.hash) };
  }
  const message = `no entry of "${POLICY_ENTITY}" brought a policy into force: verify the ledger`;
  throw new PolicyError({ code: 'POLICY_UNREADABLE', message });
}
