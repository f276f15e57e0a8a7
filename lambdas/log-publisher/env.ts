/** What the log publisher must be told: where the log comes from and goes to, who signs it, and who witnesses it. */
import * as z from 'zod';

export const env = z.object({
  ENTRIES_TABLE: z.string().min(1),
  STATE_TABLE: z.string().min(1),
  ROOT_KEY_ID: z.string().min(1),
  LOG_BUCKET: z.string().min(1),
  ANCHOR_BUCKET: z.string().min(1),
  /** name, or ARN where the witness is in another account */
  WITNESS_FUNCTION: z.string().min(1),
  /** the witness's key, for its public half: id, or ARN where it is in another account */
  WITNESS_KEY_ID: z.string().min(1),
});
