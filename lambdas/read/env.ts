/** What the function that reads must be told: where the ledger is, its public key, the published log, and the queues it asks about. */
import * as z from 'zod';
import { apiEnv } from '../_middleware/api-env.ts';

export const env = z.object({
  ...apiEnv,
  ROOT_KEY_ID: z.string().min(1),
  LOG_BUCKET: z.string().min(1),
  SUBSCRIPTION_PREFIX: z.string().min(1),
});
