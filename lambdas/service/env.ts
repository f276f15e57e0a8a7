/** What the function for the service's own routes must be told: everything it reports on. */
import * as z from 'zod';
import { apiEnv } from '../_middleware/api-env.ts';

export const env = z.object({
  ...apiEnv,
  ROOT_KEY_ID: z.string().min(1),
  SUBSCRIPTION_PREFIX: z.string().min(1),
});
