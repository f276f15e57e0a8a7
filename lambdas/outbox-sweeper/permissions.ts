/** What the outbox sweeper does: reads the log and the marks, puts events, marks them, moves its cursor. */
export const permissions = [
  { action: 'dynamodb:GetItem', resource: 'entries' },
  { action: 'dynamodb:BatchGetItem', resource: 'entries' },
  { action: 'dynamodb:Query', resource: 'entries' },
  { action: 'dynamodb:GetItem', resource: 'state' },
  { action: 'dynamodb:Query', resource: 'state' },
  { action: 'dynamodb:PutItem', resource: 'state' },
  { action: 'dynamodb:UpdateItem', resource: 'state' },
  { action: 'dynamodb:DeleteItem', resource: 'state' },
  { action: 'events:PutEvents', resource: 'buses' },
] as const;
