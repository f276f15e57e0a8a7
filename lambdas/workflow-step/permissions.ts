/** What the workflow's steps do: write entries with what must become true with them, call executors, relay, wake an execution. */
export const permissions = [
  { action: 'dynamodb:GetItem', resource: 'entries' },
  { action: 'dynamodb:PutItem', resource: 'entries' },
  { action: 'dynamodb:Query', resource: 'entries' },
  { action: 'dynamodb:BatchGetItem', resource: 'entries' },
  { action: 'dynamodb:GetItem', resource: 'state' },
  { action: 'dynamodb:BatchGetItem', resource: 'state' },
  { action: 'dynamodb:Query', resource: 'state' },
  { action: 'dynamodb:PutItem', resource: 'state' },
  { action: 'dynamodb:UpdateItem', resource: 'state' },
  { action: 'dynamodb:DeleteItem', resource: 'state' },
  { action: 'dynamodb:ConditionCheckItem', resource: 'state' },
  { action: 'kms:GetPublicKey', resource: 'rootKey' },
  { action: 'kms:Sign', resource: 'rootKey' },
  { action: 'events:PutEvents', resource: 'buses' },
  { action: 'sqs:SendMessage', resource: 'wakeQueue' },
  { action: 'lambda:InvokeFunction', resource: 'executors' },
] as const;
