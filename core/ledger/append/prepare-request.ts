/** The entries of one request, prepared with the time they are stamped with; everything but their places in their chains. */
import type { IsoInstant } from '../../brands/index.ts';
import type { AppendRequest } from './append-types.ts';
import { assertEntityId } from '../entries/entity-id.ts';
import { prepareEntry, type PreparedEntry } from '../entries/entry.ts';
import { LedgerError } from '../entries/errors.ts';

const MAX_ENTRIES_PER_REQUEST = 100;

/** @throws LedgerError ENTRY_INVALID | ENTITY_ID_INVALID | ENTRY_TOO_LARGE, CanonicalError */
export function prepareRequest(ledger: string, { entries }: AppendRequest, at: IsoInstant): PreparedEntry[] {
  if (entries.length === 0 || entries.length > MAX_ENTRIES_PER_REQUEST) {
    throw new LedgerError({
      code: 'ENTRY_INVALID',
      message: `${entries.length} entries: an append takes 1-${MAX_ENTRIES_PER_REQUEST}`,
    });
  }
  return entries.map(({ chain, draft }) => {
    assertEntityId(chain);
    return prepareEntry({ ledger, entity: chain, at }, draft);
  });
}
