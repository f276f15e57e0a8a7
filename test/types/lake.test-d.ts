/** What must not compile: an entry type that no class of OCSF was chosen for. Nothing here runs (see brands.test-d.ts). */
import type { ENTRY_TYPES, EntryType } from '../../core/lake/index.ts';
import type { LedgerEntryType } from '../../core/ledger/index.ts';

/** Every type that verifies, beside the steps of change-sets, is one of those that are mapped. */
export const mapped: (type: LedgerEntryType) => (typeof ENTRY_TYPES)[number] = (type) => type;

declare const every: Readonly<Record<EntryType, string>>;
const { 'tamper.observed': _, ...without } = every;
// @ts-expect-error: a table that leaves out one type is no table of all
export const lacking: Readonly<Record<EntryType, string>> = without;
// @ts-expect-error: no entry has this type
export const unknown: EntryType = 'lake.tried';
