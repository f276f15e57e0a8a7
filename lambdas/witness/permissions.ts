/** What the witness does: remembers what it saw, and signs that. It reads nothing of the ledger. */
export const permissions = [
  { action: 'dynamodb:GetItem', resource: 'witnessTable' },
  { action: 'dynamodb:PutItem', resource: 'witnessTable' },
  { action: 'kms:GetPublicKey', resource: 'witnessKey' },
  { action: 'kms:Sign', resource: 'witnessKey' },
  { action: 'kms:GetPublicKey', resource: 'rootKey' },
] as const;
