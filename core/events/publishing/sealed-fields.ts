/** What an event with confidential fields adds to its entry, and what is written beside it. */
import { must } from '../../errors/index.ts';
import type { AppendRequest, EntryDraft } from '../../ledger/index.ts';
import type { SealedField } from '../confidential/vault.ts';

/** Sorted by path, as entries have them. */
export function commitsOf(fields: readonly SealedField[]): Pick<EntryDraft, 'commits'> {
  if (fields.length === 0) return {};
  const commits = fields.map(({ commitment }) => commitment);
  return { commits: commits.sort((a, b) => (a.path < b.path ? -1 : 1)) };
}

/** The fields' items, once the entries have their places. */
export function writesOf(
  events: readonly { readonly fields: readonly SealedField[] }[],
): Pick<AppendRequest, 'writes'> {
  if (events.every(({ fields }) => fields.length === 0)) return {};
  return {
    writes: (placed) =>
      events.flatMap(({ fields }, i) => fields.map(({ writeAt }) => writeAt(must(placed[i], 'its place').seq))),
  };
}
