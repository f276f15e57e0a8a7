/** The wake queue as a port of a function's system: a function that moves a change-set tells the workflow resumer. */
import type { Ports } from '../../../core/system/index.ts';
import { queueSender } from './clients.ts';
import type { AwsBase } from './open-system.ts';
import { createResumeQueue } from '../workflow/resume-queue.ts';

export function createWorkflowResumer(
  env: { readonly WAKE_QUEUE_URL: string },
  { onError, beforeAnswer }: AwsBase,
): Ports['onChangeStep'] {
  const queue = createResumeQueue({
    ...{ send: queueSender(), queueUrl: env.WAKE_QUEUE_URL },
    onError: (_changeId, error) => onError(error),
  });
  beforeAnswer(() => queue.flush());
  return (changeId) => queue.onChangeStep(changeId);
}
