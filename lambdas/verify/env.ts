/** What the function that verifies must be told: where the ledger is, its key, and what to hold it against. */
import * as z from 'zod';
import { apiEnv } from '../_middleware/api-env.ts';

export const env = z.object({
  ...apiEnv,
  ROOT_KEY_ID: z.string().min(1),
  LOG_BUCKET: z.string().min(1),
  ANCHOR_BUCKET: z.string().min(1),
  WITNESS_KEY_ID: z.string().min(1),
  WITNESS_TABLE: z.string().min(1),
  VERIFY_FUNCTION: z.string().min(1),
});
