/** Turns passing failures of AWS into the error of the contract that says so; every other error stays as it is. */
import { LedgerError } from '../../../core/ledger/index.ts';

/** names of the SDK's errors */
const PASSING = /Throttl|TooManyRequests|ThroughputExceeded|LimitExceeded|TransactionInProgress|Timeout/;
/** of the network, and of our own adapters */
const PASSING_CODES = [
  'STORE_CONTENDED',
  'S3_UNAVAILABLE',
  'KMS_UNAVAILABLE',
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
];

export function asUnavailable(error: unknown): LedgerError | undefined {
  if (!(error instanceof Error) || !isPassing(error)) return undefined;
  return new LedgerError({ code: 'STORE_UNAVAILABLE', message: `AWS did not answer: ${error.message}`, cause: error });
}

function isPassing(error: Error): boolean {
  const { name, code, $fault, $retryable, $metadata } = error as Error & {
    readonly code?: unknown;
    readonly $fault?: unknown;
    readonly $retryable?: unknown;
    readonly $metadata?: { readonly httpStatusCode?: number };
  };
  const isOfSdk = $metadata !== undefined;
  if (isOfSdk && ($fault === 'server' || $retryable !== undefined || Number($metadata.httpStatusCode) >= 500))
    return true;
  return PASSING.test(name) || (typeof code === 'string' && PASSING_CODES.includes(code));
}
