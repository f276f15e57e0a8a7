/** The error that a caller gets when its entries were not written, or when nobody knows whether they were. */
import { LedgerError } from '../entries/errors.ts';

export function busy(chain: string): LedgerError {
  return new LedgerError({
    code: 'LEDGER_BUSY',
    message: `too many writers on "${chain}"; nothing was written: retry with the same id after a pause`,
  });
}

export function unavailable(what: string, cause: unknown): LedgerError {
  return new LedgerError({ code: 'STORE_UNAVAILABLE', message: `${what}: retry with the same id`, cause });
}
