/** What the burier does: reads the event and its subscription, writes the dead letter. */
export const permissions = [
  { action: 'dynamodb:GetItem', resource: 'entries' },
  { action: 'dynamodb:Query', resource: 'entries' },
  { action: 'dynamodb:GetItem', resource: 'state' },
  { action: 'dynamodb:Query', resource: 'state' },
  { action: 'dynamodb:PutItem', resource: 'state' },
  { action: 'dynamodb:UpdateItem', resource: 'state' },
] as const;
