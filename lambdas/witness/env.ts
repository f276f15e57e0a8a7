/** What the witness must be told: its key, its memory, and the key of the log it serves. */
import * as z from 'zod';

export const env = z.object({
  WITNESS_TABLE: z.string().min(1),
  WITNESS_KEY_ID: z.string().min(1),
  /** the log's key, for its public half: id, or ARN where the log is in another account */
  ROOT_KEY_ID: z.string().min(1),
});
