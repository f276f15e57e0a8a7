/** The wake queue as a part of a function's system: whoever moves a change-set tells the workflow resumer. */
import { queueSender } from './clients.ts';
import type { AwsBase } from './open-system.ts';
import { createResumeQueue, type ResumeQueue } from '../workflow/resume-queue.ts';

export function createWorkflowResumer(env: { readonly WAKE_QUEUE_URL: string }): (base: AwsBase) => ResumeQueue {
  return ({ onError }) =>
    createResumeQueue({
      ...{ send: queueSender(), queueUrl: env.WAKE_QUEUE_URL },
      onError: (_changeId, error) => onError(error),
    });
}
