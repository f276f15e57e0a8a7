import { INVOKE_EXECUTORS, RECORD_STEPS } from '../_middleware/permission-sets.ts';

/** What the function `change-sets` may do: it moves change-sets: appends their entries, has executors plan, relays, resumes the workflow. */
export const permissions = [...RECORD_STEPS, ...INVOKE_EXECUTORS] as const;
