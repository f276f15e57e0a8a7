/** Wake-ups of pushed subscriptions: each says which one and nothing else, so that one that is lost, late or forged moves no event. */
import * as z from 'zod';
import type { SQSClient } from '@aws-sdk/client-sqs';
import { MS_PER_SECOND } from '../../../core/values/index.ts';
import { sendMessages } from '../bus/send-messages.ts';

/** The most that SQS delays a message. */
const MAX_DELAY_SECONDS = 900;

/** Resolves when they are sent. @param afterMs not before, to the second; default: at once */
export type WakeSubscription = (ids: readonly string[], afterMs?: number) => Promise<void>;

const wakeUp = z.strictObject({ subscription: z.string().min(1).max(64) });

export function wakeThrough(client: SQSClient, queueUrl: string): WakeSubscription {
  return async (ids, afterMs = 0) => {
    const delaySeconds = Math.min(MAX_DELAY_SECONDS, Math.ceil(afterMs / MS_PER_SECOND));
    const delay = delaySeconds > 0 ? { delaySeconds } : {};
    const bodies = ids.map((subscription) => JSON.stringify({ subscription }));
    await sendMessages(
      client,
      queueUrl,
      bodies.map((body) => ({ body, ...delay })),
    );
  };
}

/** @throws SyntaxError, ZodError: it is no wake-up, and ends among the dead letters of the queue */
export function subscriptionIn(body: string): string {
  return wakeUp.parse(JSON.parse(body)).subscription;
}
