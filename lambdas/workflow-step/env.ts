/** What the workflow's step function must be told: the system it opens, and whom it wakes. */
import * as z from 'zod';
import { executorEnv } from '../_middleware/executor-env.ts';

export const env = z.object({
  ...executorEnv,
  ENTRIES_TABLE: z.string().min(1),
  STATE_TABLE: z.string().min(1),
  ROOT_KEY_ID: z.string().min(1),
  BUS_PREFIX: z.string().min(1),
  WAKE_QUEUE_URL: z.url(),
});
