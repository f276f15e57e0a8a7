import {
  READ_ANCHORS,
  READ_ENTRIES,
  READ_LOG_FILES,
  READ_STATE,
  SIGN_WITH_ROOT_KEY,
} from '../_middleware/permission-sets.ts';

/** What the log publisher does: reads the log, writes tiles, signs checkpoints, anchors them, asks the witness. */
export const permissions = [
  ...READ_ENTRIES,
  ...READ_STATE,
  ...SIGN_WITH_ROOT_KEY,
  ...READ_LOG_FILES,
  ...READ_ANCHORS,
  { action: 's3:PutObject', resource: 'logBucket' },
  { action: 's3:DeleteObject', resource: 'logBucket' },
  { action: 's3:PutObject', resource: 'anchorBucket' },
  { action: 'kms:GetPublicKey', resource: 'witnessKey' },
  { action: 'lambda:InvokeFunction', resource: 'witnessFunction' },
] as const;
