/** What the lake exporter must be told: where the published log is, where the lake, and what its partitions are called. */
import * as z from 'zod';

export const env = z.object({
  LOG_BUCKET: z.string().min(1),
  LAKE_BUCKET: z.string().min(1),
  LAKE_ACCOUNT: z.string().min(1),
  LAKE_REGION: z.string().min(1),
});
