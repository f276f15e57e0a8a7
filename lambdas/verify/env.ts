/** What the function that verifies must be told: where the ledger is, and the key that everything rests on. */
import * as z from 'zod';
import { apiEnv } from '../_middleware/api-env.ts';

export const env = z.object({ ...apiEnv, ROOT_KEY_ID: z.string().min(1) });
export type Env = z.input<typeof env>;
