import { MEASURE_QUEUES, READ_ENTRIES, READ_ROOT_KEY, READ_STATE_IN_BATCHES } from '../_middleware/permission-sets.ts';

/** What the function `service` may do: it reports: counts, metrics, queue depths, and whether the root key is there. */
export const permissions = [
  ...READ_ENTRIES,
  ...READ_STATE_IN_BATCHES,
  ...READ_ROOT_KEY,
  ...MEASURE_QUEUES,
  { action: 'cloudwatch:GetMetricData', resource: 'any' },
] as const;
