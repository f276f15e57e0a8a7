/** What the workflow's reconciler must be told: where change-sets are, what runs them, and whom it asks to wake them. */
import * as z from 'zod';

export const env = z.object({
  STATE_TABLE: z.string().min(1),
  STATE_MACHINE_ARN: z.string().startsWith('arn:'),
  WAKE_QUEUE_URL: z.url(),
});
