/** What the subscription reconciler must be told: where subscriptions are, and how queues, rules and buses are called. */
import * as z from 'zod';

export const env = z.object({
  ENTRIES_TABLE: z.string().min(1),
  STATE_TABLE: z.string().min(1),
  BUS_PREFIX: z.string().min(1),
  SUBSCRIPTION_PREFIX: z.string().min(1),
  /** dead-letter queue of every subscription without order; in the region and account of their queues */
  DEAD_LETTER_QUEUE_ARN: z.string().startsWith('arn:'),
  /** the same for subscriptions in entity order: a FIFO queue, as theirs are */
  DEAD_LETTER_FIFO_QUEUE_ARN: z.string().startsWith('arn:'),
  /** roles that may send to the queues of subscriptions, separated by spaces */
  SENDER_ROLE_ARNS: z.string().startsWith('arn:'),
  /** where EventBridge puts what the queues of subscriptions did not take, and how it is read */
  UNDELIVERED_QUEUE_ARN: z.string().startsWith('arn:'),
  UNDELIVERED_QUEUE_URL: z.url(),
  /** where subscriptions that are sent to are woken */
  DELIVERY_QUEUE_URL: z.url(),
});
