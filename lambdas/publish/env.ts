/** What the function that publishes must be told: where the ledger is, and the buses its events go to. */
import * as z from 'zod';
import { apiEnv } from '../_middleware/api-env.ts';

export const env = z.object({
  ...apiEnv,
  ROOT_KEY_ID: z.string().min(1),
  BUS_PREFIX: z.string().min(1),
  DATA_KEY_ID: z.string().min(1),
});
