/** What the sequencer does: reads entries and the log, appends to both, and certifies a session key when it has to speak up. */
export const permissions = [
  { action: 'dynamodb:GetItem', resource: 'entries' },
  { action: 'dynamodb:BatchGetItem', resource: 'entries' },
  { action: 'dynamodb:Query', resource: 'entries' },
  { action: 'dynamodb:Scan', resource: 'entries' },
  { action: 'dynamodb:PutItem', resource: 'entries' },
  { action: 'dynamodb:GetItem', resource: 'state' },
  { action: 'dynamodb:BatchGetItem', resource: 'state' },
  { action: 'dynamodb:Query', resource: 'state' },
  { action: 'dynamodb:PutItem', resource: 'state' },
  { action: 'dynamodb:UpdateItem', resource: 'state' },
  { action: 'kms:GetPublicKey', resource: 'rootKey' },
  { action: 'kms:Sign', resource: 'rootKey' },
] as const;
