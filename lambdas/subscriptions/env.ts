/** What the function for subscriptions must be told: where they are kept, the key whose word is believed, their queues, and who makes those. */
import * as z from 'zod';
import { apiEnv } from '../_middleware/api-env.ts';

export const env = z.object({
  ...apiEnv,
  ROOT_KEY_ID: z.string().min(1),
  SUBSCRIPTION_PREFIX: z.string().min(1),
  RECONCILER_FUNCTION: z.string().min(1),
  /** where subscriptions that are sent to are woken */
  DELIVERY_QUEUE_URL: z.url(),
  /** that events can be sent to, separated by spaces */
  FUNCTION_NAMES: z.string().default(''),
});
