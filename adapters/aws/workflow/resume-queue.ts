/**
 * Tells the workflow resumer that something may have happened to a change-set. A message says which one and nothing else: what
 * happened is in the ledger. Standard queue: a wake-up that comes twice or out of order changes nothing, and one that is
 * lost is made up for by the reconciler.
 */
import type { SendToQueue } from '../request/send-to-queue.ts';

export interface ResumeQueueOptions {
  readonly send: SendToQueue;
  readonly queueUrl: string;
  /** Told of a wake-up that could not be sent. Must not throw. */
  readonly onError: (changeId: string, error: unknown) => void;
}

export interface ResumeQueue {
  /** Begins to send, at once. Never throws. */
  onChangeStep(changeId: string): void;
  /** Sends and waits. @throws what `send` throws: nobody may have been woken */
  resume(changeId: string): Promise<void>;
  /** Waits for everything `onChangeStep` began. Never rejects. A Lambda is frozen once it has answered. */
  flush(): Promise<void>;
}

export function createResumeQueue({ send, queueUrl, onError }: ResumeQueueOptions): ResumeQueue {
  const underWay = new Set<Promise<void>>();
  const resume = (changeId: string): Promise<void> => send(queueUrl, JSON.stringify({ changeId }));
  return {
    resume,
    onChangeStep: (changeId) => {
      const sending = resume(changeId)
        .catch((error: unknown) => onError(changeId, error))
        .finally(() => underWay.delete(sending));
      underWay.add(sending);
    },
    flush: async () => {
      await Promise.all(underWay);
    },
  };
}
