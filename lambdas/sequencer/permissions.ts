import {
  APPEND_ENTRIES,
  READ_ENTRIES,
  READ_STATE_IN_BATCHES,
  SIGN_WITH_ROOT_KEY,
} from '../_middleware/permission-sets.ts';

/** What the sequencer does: reads entries and the log, appends to both, and certifies a session key when it has to speak up. */
export const permissions = [
  ...READ_ENTRIES,
  ...APPEND_ENTRIES,
  ...READ_STATE_IN_BATCHES,
  ...SIGN_WITH_ROOT_KEY,
  { action: 'dynamodb:Scan', resource: 'entries' },
  { action: 'dynamodb:PutItem', resource: 'state' },
  { action: 'dynamodb:UpdateItem', resource: 'state' },
] as const;
