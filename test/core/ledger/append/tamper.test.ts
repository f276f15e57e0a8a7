/** What an observer records of a finding: what was done to the entry, and the same idempotency key however often it is found. */
import { expect, it } from 'vitest';
import { tamperRecord, type Finding } from '../../../../core/ledger/index.ts';

it.each([
  ['MISSING_ENTRY', 'removed'],
  ['CONTENT_MISMATCH', 'modified'],
  ['LINK_BROKEN', 'modified'],
] as const)('%s is recorded as %s', (verdict, change) => {
  const finding: Finding = { verdict, entity: 'account:1', seq: 3, detail: 'x' };
  const [first] = tamperRecord(finding, 'auditor').entries;
  expect(first?.draft.data).toMatchObject({ change, verdict, seq: 3 });
  expect(tamperRecord({ ...finding, detail: 'again' }, 'other').entries[0]?.idemKey).toBe(first?.idemKey);
});
