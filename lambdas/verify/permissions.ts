import {
  READ_ANCHORS,
  READ_ENTRIES,
  READ_LOG_FILES,
  READ_ROOT_KEY,
  READ_STATE_IN_BATCHES,
} from '../_middleware/permission-sets.ts';

/** What the function `verify` may do: it reads every entry, and everything that was signed or remembered of the log; it writes its own notes. */
export const permissions = [
  ...READ_ENTRIES,
  ...READ_STATE_IN_BATCHES,
  ...READ_ROOT_KEY,
  ...READ_LOG_FILES,
  ...READ_ANCHORS,
  { action: 'dynamodb:Scan', resource: 'entries' },
  { action: 'kms:GetPublicKey', resource: 'witnessKey' },
  { action: 'dynamodb:GetItem', resource: 'witnessTable' },
  // What one call hands over to the next, on a partition of its own: lib/constructs/writable-chains.ts.
  { action: 'dynamodb:UpdateItem', resource: 'state' },
  { action: 'dynamodb:DeleteItem', resource: 'state' },
  // Itself, for segments of a long log, and to go on.
  { action: 'lambda:InvokeFunction', resource: 'verifyFunction' },
] as const;
