/** What the function that takes proposals must be told: where the ledger is, and whom it wakes. */
import * as z from 'zod';
import { apiEnv } from '../_middleware/api-env.ts';
import { executorEnv } from '../_middleware/executor-env.ts';

export const env = z.object({
  ...apiEnv,
  ...executorEnv,
  ROOT_KEY_ID: z.string().min(1),
  BUS_PREFIX: z.string().min(1),
  WAKE_QUEUE_URL: z.url(),
});
