/** What the router must be told: where the log and the subscriptions are, and how their queues are called. */
import * as z from 'zod';

export const env = z.object({
  ENTRIES_TABLE: z.string().min(1),
  STATE_TABLE: z.string().min(1),
  SUBSCRIPTION_PREFIX: z.string().min(1),
  /** where subscriptions that are sent to are woken */
  DELIVERY_QUEUE_URL: z.url(),
});
