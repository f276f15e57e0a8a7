/** What the function `service` may do: it reports: counts, metrics, queue depths, and whether the root key is there. */
export const permissions = [
  { action: 'dynamodb:GetItem', resource: 'entries' },
  { action: 'dynamodb:BatchGetItem', resource: 'entries' },
  { action: 'dynamodb:Query', resource: 'entries' },
  { action: 'dynamodb:GetItem', resource: 'state' },
  { action: 'dynamodb:BatchGetItem', resource: 'state' },
  { action: 'dynamodb:Query', resource: 'state' },
  { action: 'kms:GetPublicKey', resource: 'rootKey' },
  { action: 'sqs:GetQueueUrl', resource: 'subscriptionQueues' },
  { action: 'sqs:GetQueueAttributes', resource: 'subscriptionQueues' },
  { action: 'cloudwatch:GetMetricData', resource: 'any' },
] as const;
