/** The verdict on a file that SQLite cannot read as a ledger any more. */
import { logFinding, type Finding, type VerificationReport } from '../../../core/ledger/index.ts';

export function damaged(error: Error): VerificationReport {
  const detail = `the file is damaged where it keeps its own records: ${error.message}`;
  const finding: Finding = { ...logFinding('UNREADABLE', detail, { path: 'ledger.db' }), entity: '(ledger.db)' };
  return {
    verdict: finding.verdict,
    firstBad: finding,
    ...{ entries: 0, chains: 0, checked: [] },
    notChecked: ['everything: the file cannot be read'],
  };
}
