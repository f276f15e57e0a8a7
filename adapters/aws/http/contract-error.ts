/**
 * Turns what the AWS adapters throw into the error of the contract that tells a caller the same; every other error stays as it
 * is.
 */
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
