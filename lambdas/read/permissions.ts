import {
  APPEND_ENTRIES,
  MEASURE_QUEUES,
  READ_ENTRIES,
  READ_LOG_FILES,
  READ_STATE_IN_BATCHES,
  SIGN_WITH_ROOT_KEY,
} from '../_middleware/permission-sets.ts';

/** What the function `read` may do: it reads, and journals who read what. */
export const permissions = [
  ...READ_ENTRIES,
  ...READ_STATE_IN_BATCHES,
  ...APPEND_ENTRIES,
  ...SIGN_WITH_ROOT_KEY,
  ...READ_LOG_FILES,
  ...MEASURE_QUEUES,
] as const;
