/** What the outbox sweeper must be told: where entries and relay marks are, and how the buses are called. */
import * as z from 'zod';

export const env = z.object({
  ENTRIES_TABLE: z.string().min(1),
  STATE_TABLE: z.string().min(1),
  BUS_PREFIX: z.string().min(1),
});
