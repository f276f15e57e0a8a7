import { RECORD_STEPS } from '../_middleware/permission-sets.ts';

/** What the function `decisions` may do: it takes decisions: appends them signed by the root key, relays, resumes the workflow. */
export const permissions = RECORD_STEPS;
