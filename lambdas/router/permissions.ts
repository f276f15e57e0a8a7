/** What the router does: reads the log, sends to FIFO queues, moves the cursors of subscriptions in entity order. */
export const permissions = [
  { action: 'dynamodb:GetItem', resource: 'entries' },
  { action: 'dynamodb:BatchGetItem', resource: 'entries' },
  { action: 'dynamodb:Query', resource: 'entries' },
  { action: 'dynamodb:GetItem', resource: 'state' },
  { action: 'dynamodb:Query', resource: 'state' },
  { action: 'dynamodb:PutItem', resource: 'state' },
  { action: 'sqs:GetQueueUrl', resource: 'subscriptionQueues' },
  { action: 'sqs:SendMessage', resource: 'subscriptionQueues' },
] as const;
