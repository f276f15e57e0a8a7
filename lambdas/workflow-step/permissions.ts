import { INVOKE_EXECUTORS, RECORD_STEPS } from '../_middleware/permission-sets.ts';

/** What the workflow's steps do: write entries with what must become true with them, call executors, relay, wake an execution. */
export const permissions = [...RECORD_STEPS, ...INVOKE_EXECUTORS] as const;
