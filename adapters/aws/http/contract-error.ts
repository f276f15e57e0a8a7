/** What the AWS adapters throw, as the error of the contract that says it to a caller; everything else stays what it is. */
import { SystemError } from '../../../core/system/index.ts';
import { asUnavailable } from './unavailable.ts';

export function asContractError(error: unknown): ReturnType<typeof asUnavailable> | SystemError {
  return asUnavailable(error) ?? asUnreadable(error);
}

/** Stored bytes that are nobody's: the log has the item's name, the caller is told to have the ledger verified. */
function asUnreadable(error: unknown): SystemError | undefined {
  if (!(error instanceof Error && 'code' in error && error.code === 'DATA_UNREADABLE')) return undefined;
  return new SystemError({ code: 'ENTRY_UNREADABLE', message: error.message, cause: error });
}
