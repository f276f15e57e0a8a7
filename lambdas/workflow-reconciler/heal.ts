/** One round of the workflow's reconciler: heals, and reports in numbers what it found. A round that healed only some fails. */
import type { Reconciled } from '../../adapters/aws/workflow/reconciler.ts';
import { MS_PER_SECOND } from '../../core/values/index.ts';

export type WorkflowMetric =
  | 'OpenChangeSets'
  | 'ApprovalQueueLength'
  | 'ApprovalQueueAgeSeconds'
  | 'ApprovalReminders'
  | 'EscalatedApprovals'
  | 'OverdueReviews'
  | 'RestartedExecutions';

export interface HealDependencies {
  readonly reconcile: () => Promise<Reconciled>;
  /** @param level of the change-sets that are measured; absent: all */
  readonly onMetric: (name: WorkflowMetric, value: number, level?: string) => void;
  readonly onHealed: (what: 'restarted' | 'woken' | 'stopped', subjects: readonly string[]) => void;
  readonly onError: (subject: string, error: unknown) => void;
}

export interface Healed extends Readonly<Record<'restarted' | 'woken' | 'stopped', number>> {
  readonly open: number | undefined;
}

/** @throws when something could not be looked at or healed: the function's error count is the alarm; the next round tries again */
export async function heal({ reconcile, onMetric, onHealed, onError }: HealDependencies): Promise<Healed> {
  const { open, approvalQueue, reviewQueue, restarted, woken, stopped, failed } = await reconcile();
  if (open !== undefined) onMetric('OpenChangeSets', open);
  for (const [level, waiting] of [[undefined, approvalQueue] as const, ...Object.entries(approvalQueue.byLevel)]) {
    onMetric('ApprovalQueueLength', waiting.length, level);
    onMetric('ApprovalQueueAgeSeconds', waiting.oldestAgeMs / MS_PER_SECOND, level);
  }
  onMetric('ApprovalReminders', approvalQueue.reminders);
  onMetric('EscalatedApprovals', approvalQueue.escalated);
  onMetric('OverdueReviews', reviewQueue.overdue);
  onMetric('RestartedExecutions', restarted.length);
  for (const [what, subjects] of Object.entries({ restarted, woken, stopped }))
    if (subjects.length > 0) onHealed(what as 'restarted' | 'woken' | 'stopped', subjects);
  for (const { subject, error } of failed) onError(subject, error);
  if (failed.length > 0)
    throw new Error(`${failed.length} of the workflow's executions could not be healed: see the log`);
  return { open, restarted: restarted.length, woken: woken.length, stopped: stopped.length };
}
