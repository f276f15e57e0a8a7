import { READ_ENTRIES, READ_STATE, RELAY_EVENTS, WRITE_STATE } from '../_middleware/permission-sets.ts';

/** What the outbox sweeper does: reads the log and the marks, puts events, marks them, moves its cursor. */
export const permissions = [...READ_ENTRIES, ...READ_STATE, ...WRITE_STATE, ...RELAY_EVENTS] as const;
