/** What the function for webhooks must be told: where the ledger is, the key that wraps secrets, and where deliveries are woken. */
import * as z from 'zod';
import { apiEnv } from '../_middleware/api-env.ts';

export const env = z.object({
  ...apiEnv,
  ROOT_KEY_ID: z.string().min(1),
  BUS_PREFIX: z.string().min(1),
  DATA_KEY_ID: z.string().min(1),
  DELIVERY_QUEUE_URL: z.url(),
});
