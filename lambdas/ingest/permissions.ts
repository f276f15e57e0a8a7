/** What the function `ingest` may do: it records what comes from outside events as: appends entries, certifies its session key, relays. */
export const permissions = [
  { action: 'dynamodb:GetItem', resource: 'entries' },
  { action: 'dynamodb:BatchGetItem', resource: 'entries' },
  { action: 'dynamodb:Query', resource: 'entries' },
  { action: 'dynamodb:PutItem', resource: 'entries' },
  { action: 'dynamodb:GetItem', resource: 'state' },
  { action: 'dynamodb:BatchGetItem', resource: 'state' },
  { action: 'dynamodb:Query', resource: 'state' },
  { action: 'dynamodb:PutItem', resource: 'state' },
  { action: 'dynamodb:UpdateItem', resource: 'state' },
  { action: 'dynamodb:DeleteItem', resource: 'state' },
  { action: 'kms:GetPublicKey', resource: 'rootKey' },
  { action: 'kms:Sign', resource: 'rootKey' },
  { action: 'kms:Encrypt', resource: 'dataKey' },
  { action: 'kms:Decrypt', resource: 'dataKey' },
  { action: 'events:PutEvents', resource: 'buses' },
] as const;
