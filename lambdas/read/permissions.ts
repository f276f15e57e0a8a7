import {
  MEASURE_QUEUES,
  READ_ENTRIES,
  READ_LOG_FILES,
  READ_ROOT_KEY,
  READ_STATE_IN_BATCHES,
} from '../_middleware/permission-sets.ts';

/** What the function `read` may do: it reads; nothing else. */
export const permissions = [
  ...READ_ENTRIES,
  ...READ_STATE_IN_BATCHES,
  ...READ_ROOT_KEY,
  ...READ_LOG_FILES,
  ...MEASURE_QUEUES,
] as const;
