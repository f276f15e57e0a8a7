/** What the ingest function must be told: the ledger it writes to and the buses it relays to. */
import * as z from 'zod';

export const env = z.object({
  ENTRIES_TABLE: z.string().min(1),
  STATE_TABLE: z.string().min(1),
  ROOT_KEY_ID: z.string().min(1),
  BUS_PREFIX: z.string().min(1),
  DATA_KEY_ID: z.string().min(1),
});
