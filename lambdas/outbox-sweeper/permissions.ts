import { READ_ENTRIES, READ_STATE, RELAY_EVENTS, WRITE_STATE } from '../_middleware/permission-sets.ts';

/**
 * What the outbox sweeper does: reads the log and the marks, puts events, marks them, moves its cursor, and brings the store up to date:
 * the indices of a change-set on condition that its record still stands.
 */
export const permissions = [
  ...READ_ENTRIES,
  ...READ_STATE,
  ...WRITE_STATE,
  { action: 'dynamodb:ConditionCheckItem', resource: 'state' },
  ...RELAY_EVENTS,
] as const;
