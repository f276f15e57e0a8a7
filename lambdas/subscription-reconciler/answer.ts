/** One call of the reconciler: about one subscription (somebody waits for the answer), or, on schedule, about all. */
import * as z from 'zod';
import type { ReconcileAnswer } from '../../adapters/aws/subscriptions/invoke-reconciler.ts';
import {
  reconcile,
  type ReconcileReport,
  type ReconcilerDependencies,
  type ReconcileRequest,
} from '../../adapters/aws/subscriptions/reconciler.ts';
import { EventError } from '../../core/events/index.ts';

const request = z.discriminatedUnion('kind', [
  z.object({ kind: z.enum(['attach', 'detach']), subscription: z.string().min(1).max(64) }),
  z.object({ kind: z.literal('clear'), domains: z.array(z.string().min(1)) }),
  z.object({ kind: z.enum(['all', 'teardown', 'open']) }),
]);

export interface ReconcilerHandlerDependencies extends ReconcilerDependencies {
  readonly onReconciled: (request: ReconcileRequest, report: ReconcileReport) => void;
  /** Told of a subscription that could not be put in order; the next scheduled call tries again. */
  readonly onError: (subscription: string, error: unknown) => void;
}

export function createReconcilerHandler(
  deps: ReconcilerHandlerDependencies,
): (event: unknown) => Promise<ReconcileAnswer> {
  return async (event) => {
    const parsed = request.safeParse(event);
    const wanted: ReconcileRequest = parsed.success ? parsed.data : { kind: 'all' }; // a schedule sends its own event
    try {
      const report = await reconcile(deps, wanted);
      for (const { subscription, error } of report.failed) deps.onError(subscription, error);
      deps.onReconciled(wanted, report);
      return { kind: 'reconciled' };
    } catch (error) {
      if (!(error instanceof EventError)) throw error;
      return { kind: 'refused', code: error.code, message: error.message };
    }
  };
}
