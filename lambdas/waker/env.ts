/** What the workflow resumer must be told: where tokens are, and whom it starts. */
import * as z from 'zod';

export const env = z.object({
  STATE_TABLE: z.string().min(1),
  STATE_MACHINE_ARN: z.string().startsWith('arn:'),
});
