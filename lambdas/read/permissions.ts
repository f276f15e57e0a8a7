/** What the function `read` may do: it reads; nothing else. */
export const permissions = [
  { action: 'dynamodb:GetItem', resource: 'entries' },
  { action: 'dynamodb:BatchGetItem', resource: 'entries' },
  { action: 'dynamodb:Query', resource: 'entries' },
  { action: 'dynamodb:GetItem', resource: 'state' },
  { action: 'dynamodb:BatchGetItem', resource: 'state' },
  { action: 'dynamodb:Query', resource: 'state' },
  { action: 'kms:GetPublicKey', resource: 'rootKey' },
  { action: 's3:GetObject', resource: 'logBucket' },
  // Without it S3 answers "forbidden" where nothing is.
  { action: 's3:ListBucket', resource: 'logBucket' },
  { action: 'sqs:GetQueueUrl', resource: 'subscriptionQueues' },
  { action: 'sqs:GetQueueAttributes', resource: 'subscriptionQueues' },
] as const;
