/**
 * What several functions may do, each set named by what it is for. A function's `permissions.ts` is made of them and of what it alone
 * may do; test/lib/permissions.test.ts compares the sum with the commands that stand in the function's bundle.
 */

export const READ_ENTRIES = [
  { action: 'dynamodb:GetItem', resource: 'entries' },
  { action: 'dynamodb:BatchGetItem', resource: 'entries' },
  { action: 'dynamodb:Query', resource: 'entries' },
] as const;

export const APPEND_ENTRIES = [{ action: 'dynamodb:PutItem', resource: 'entries' }] as const;

/** For those that ask for one item, or for a range of them. */
export const READ_STATE = [
  { action: 'dynamodb:GetItem', resource: 'state' },
  { action: 'dynamodb:Query', resource: 'state' },
] as const;

export const READ_STATE_IN_BATCHES = [...READ_STATE, { action: 'dynamodb:BatchGetItem', resource: 'state' }] as const;

export const WRITE_STATE = [
  { action: 'dynamodb:PutItem', resource: 'state' },
  { action: 'dynamodb:UpdateItem', resource: 'state' },
  { action: 'dynamodb:DeleteItem', resource: 'state' },
] as const;

/** Signatures are checked up to it. */
export const READ_ROOT_KEY = [{ action: 'kms:GetPublicKey', resource: 'rootKey' }] as const;

/** It certifies the session key of a process, and signs decisions. */
export const SIGN_WITH_ROOT_KEY = [...READ_ROOT_KEY, { action: 'kms:Sign', resource: 'rootKey' }] as const;

export const RELAY_EVENTS = [{ action: 'events:PutEvents', resource: 'buses' }] as const;

export const RESUME_WORKFLOWS = [{ action: 'sqs:SendMessage', resource: 'wakeQueue' }] as const;

/** Entries with what must become true with them, and on condition that what they rest on still stands. */
const RECORD = [
  ...READ_ENTRIES,
  ...APPEND_ENTRIES,
  ...READ_STATE_IN_BATCHES,
  ...WRITE_STATE,
  { action: 'dynamodb:ConditionCheckItem', resource: 'state' },
  ...SIGN_WITH_ROOT_KEY,
] as const;

/** Events, with their confidential fields encrypted, and relayed. */
export const RECORD_EVENTS = [
  ...RECORD,
  { action: 'kms:Encrypt', resource: 'dataKey' },
  { action: 'kms:Decrypt', resource: 'dataKey' },
  ...RELAY_EVENTS,
] as const;

/** Steps of change-sets, relayed. */
export const RECORD_STEPS = [...RECORD, ...RELAY_EVENTS, ...RESUME_WORKFLOWS] as const;

export const INVOKE_EXECUTORS = [{ action: 'lambda:InvokeFunction', resource: 'executors' }] as const;

export const READ_LOG_FILES = [
  { action: 's3:GetObject', resource: 'logBucket' },
  // Without it S3 answers "forbidden" where nothing is.
  { action: 's3:ListBucket', resource: 'logBucket' },
] as const;

export const READ_ANCHORS = [
  { action: 's3:ListBucketVersions', resource: 'anchorBucket' },
  { action: 's3:GetObjectVersion', resource: 'anchorBucket' },
] as const;

export const MEASURE_QUEUES = [
  { action: 'sqs:GetQueueUrl', resource: 'subscriptionQueues' },
  { action: 'sqs:GetQueueAttributes', resource: 'subscriptionQueues' },
] as const;
