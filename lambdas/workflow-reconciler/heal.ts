/** One round of the workflow's reconciler: heals, and reports in numbers what it found. A round that healed only some fails. */
import type { Reconciled } from '../../adapters/aws/workflow/reconciler.ts';

export type WorkflowMetric =
  'OpenChangeSets' | 'ApprovalQueueLength' | 'ApprovalQueueAgeSeconds' | 'RestartedExecutions';

export interface HealDependencies {
  readonly reconcile: () => Promise<Reconciled>;
  readonly onMetric: (name: WorkflowMetric, value: number) => void;
  readonly onHealed: (what: 'restarted' | 'woken' | 'stopped', subjects: readonly string[]) => void;
  readonly onError: (subject: string, error: unknown) => void;
}

export type Healed = Readonly<Record<'open' | 'restarted' | 'woken' | 'stopped', number>>;

/** @throws when something could not be looked at or healed: the function's error count is the alarm; the next round tries again */
export async function heal({ reconcile, onMetric, onHealed, onError }: HealDependencies): Promise<Healed> {
  const { open, approvalQueue, restarted, woken, stopped, failed } = await reconcile();
  onMetric('OpenChangeSets', open);
  onMetric('ApprovalQueueLength', approvalQueue.length);
  onMetric('ApprovalQueueAgeSeconds', approvalQueue.ageSeconds);
  onMetric('RestartedExecutions', restarted.length);
  for (const [what, subjects] of Object.entries({ restarted, woken, stopped }))
    if (subjects.length > 0) onHealed(what as 'restarted' | 'woken' | 'stopped', subjects);
  for (const { subject, error } of failed) onError(subject, error);
  if (failed.length > 0)
    throw new Error(`${failed.length} of the workflow's executions could not be healed: see the log`);
  return { open, restarted: restarted.length, woken: woken.length, stopped: stopped.length };
}
