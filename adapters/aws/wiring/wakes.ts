/** The wake queue as a part of a function's system: whoever moves a change-set tells the waker. */
import { queueSender } from './clients.ts';
import type { AwsBase } from './open-system.ts';
import { createWakeQueue, type WakeQueue } from '../workflow/wake-queue.ts';

export function wakes(env: { readonly WAKE_QUEUE_URL: string }): (base: AwsBase) => WakeQueue {
  return ({ onError }) =>
    createWakeQueue({
      ...{ send: queueSender(), queueUrl: env.WAKE_QUEUE_URL },
      onError: (_changeId, error) => onError(error),
    });
}
