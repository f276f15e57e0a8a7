/** What the sequencer must be told: where entries are, where the log goes, and the key that certifies its own. */
import * as z from 'zod';

export const env = z.object({
  ENTRIES_TABLE: z.string().min(1),
  STATE_TABLE: z.string().min(1),
  /** the root key, for the session key that signs `tamper.observed` */
  ROOT_KEY_ID: z.string().min(1),
});
