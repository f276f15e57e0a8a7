/** The verdict on a file that SQLite cannot read as a ledger any more. */
import {
  everything,
  logFinding,
  nothingChecked,
  type Finding,
  type VerificationReport,
} from '../../../core/ledger/index.ts';

export function damaged(error: Error): VerificationReport {
  const detail = `the file is damaged where it keeps its own records: ${error.message}`;
  const finding: Finding = { ...logFinding('UNREADABLE', detail, { path: 'ledger.db' }), entity: '(ledger.db)' };
  return nothingChecked(finding, everything('the file cannot be read'));
}
