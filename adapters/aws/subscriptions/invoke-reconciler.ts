/**
 * Asks the reconciler function and waits for it. It runs one at a time, so a busy one is asked again for a while; what it
 * refuses comes back as the error it would have been here.
 */
import { EventError, type EventErrorCode } from '../../../core/events/index.ts';
import { LedgerError, type Clock, type Ids } from '../../../core/ledger/index.ts';
import type { InvokeFunction } from '../request/invoke-function.ts';
import type { ReconcileRequest } from './reconciler.ts';

/** API requests end after 29 s. */
const PATIENCE_MS = 20_000;
const RETRY_MS = 500;

/** What the reconciler function answers to a request that names a subscription. */
export type ReconcileAnswer =
  | { readonly kind: 'reconciled' }
  | { readonly kind: 'refused'; readonly code: EventErrorCode; readonly message: string };

export interface InvokeReconcilerOptions {
  readonly invoke: InvokeFunction;
  readonly functionName: string;
  readonly clock: Clock;
  readonly ids: Pick<Ids, 'random'>;
}

export function invokeReconciler(options: InvokeReconcilerOptions): (request: ReconcileRequest) => Promise<void> {
  return async (request) => {
    const answer = await ask(options, request);
    if (answer.kind === 'refused') throw new EventError({ code: answer.code, message: answer.message });
  };
}

async function ask(options: InvokeReconcilerOptions, request: ReconcileRequest): Promise<ReconcileAnswer> {
  const { invoke, functionName, clock, ids } = options;
  const giveUpAt = clock.now() + PATIENCE_MS;
  for (;;) {
    try {
      const signal = AbortSignal.timeout(Math.max(giveUpAt - clock.now(), RETRY_MS));
      const { text, error } = await invoke(functionName, JSON.stringify(request), signal);
      if (error !== undefined) throw unavailable('the subscription reconciler failed: see its log');
      return JSON.parse(text) as ReconcileAnswer;
    } catch (error) {
      if (!isPassing(error)) throw error;
      if (clock.now() >= giveUpAt) throw unavailable('the subscription reconciler is busy');
      await clock.sleep(RETRY_MS * (1 + ids.random()));
    }
  }
}

/** It is busy, Lambda is not well, or nothing answered: asking again is safe, and may help. */
function isPassing(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return error instanceof TypeError || /^(TooManyRequestsException|ServiceException|Http5\d\d)$/.test(error.name);
}

function unavailable(message: string): LedgerError {
  return new LedgerError({
    code: 'STORE_UNAVAILABLE',
    message: `${message}; try again: the request is safe to repeat`,
  });
}
