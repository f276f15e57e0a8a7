/** What the function `subscriptions` may do: it keeps subscriptions and takes from their queues; queues and rules are the reconciler's. */
export const permissions = [
  { action: 'dynamodb:GetItem', resource: 'entries' },
  { action: 'dynamodb:BatchGetItem', resource: 'entries' },
  { action: 'dynamodb:Query', resource: 'entries' },
  { action: 'dynamodb:GetItem', resource: 'state' },
  { action: 'dynamodb:BatchGetItem', resource: 'state' },
  { action: 'dynamodb:Query', resource: 'state' },
  { action: 'dynamodb:PutItem', resource: 'state' },
  { action: 'dynamodb:UpdateItem', resource: 'state' },
  { action: 'dynamodb:DeleteItem', resource: 'state' },
  { action: 'sqs:GetQueueUrl', resource: 'subscriptionQueues' },
  { action: 'sqs:GetQueueAttributes', resource: 'subscriptionQueues' },
  { action: 'sqs:ReceiveMessage', resource: 'subscriptionQueues' },
  { action: 'sqs:DeleteMessage', resource: 'subscriptionQueues' },
  { action: 'sqs:ChangeMessageVisibility', resource: 'subscriptionQueues' },
  { action: 'sqs:SendMessage', resource: 'subscriptionQueues' },
  { action: 'lambda:InvokeFunction', resource: 'reconciler' },
] as const;
