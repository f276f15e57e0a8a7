/** What the dead-letter writer must be told: where events and their subscriptions are. */
import * as z from 'zod';

export const env = z.object({
  ENTRIES_TABLE: z.string().min(1),
  STATE_TABLE: z.string().min(1),
});
