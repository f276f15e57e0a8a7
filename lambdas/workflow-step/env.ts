/** What the workflow's step function must be told: the system it opens, and whom it wakes. */
import * as z from 'zod';

export const env = z.object({
  ENTRIES_TABLE: z.string().min(1),
  STATE_TABLE: z.string().min(1),
  ROOT_KEY_ID: z.string().min(1),
  BUS_PREFIX: z.string().min(1),
  WAKE_QUEUE_URL: z.url(),
});
