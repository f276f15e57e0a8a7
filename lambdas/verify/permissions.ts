/** What the function `verify` may do: it reads every entry, and everything that was signed or remembered of the log; it writes its own notes. */
export const permissions = [
  { action: 'dynamodb:GetItem', resource: 'entries' },
  { action: 'dynamodb:BatchGetItem', resource: 'entries' },
  { action: 'dynamodb:Query', resource: 'entries' },
  { action: 'dynamodb:Scan', resource: 'entries' },
  { action: 'dynamodb:GetItem', resource: 'state' },
  { action: 'dynamodb:BatchGetItem', resource: 'state' },
  { action: 'dynamodb:Query', resource: 'state' },
  { action: 'kms:GetPublicKey', resource: 'rootKey' },
  { action: 's3:GetObject', resource: 'logBucket' },
  // Without it S3 answers "forbidden" where nothing is.
  { action: 's3:ListBucket', resource: 'logBucket' },
  { action: 's3:ListBucketVersions', resource: 'anchorBucket' },
  { action: 's3:GetObjectVersion', resource: 'anchorBucket' },
  { action: 'kms:GetPublicKey', resource: 'witnessKey' },
  { action: 'dynamodb:GetItem', resource: 'witnessTable' },
  // What one call hands over to the next, on a partition of its own: lib/constructs/writable-chains.ts.
  { action: 'dynamodb:UpdateItem', resource: 'state' },
  { action: 'dynamodb:DeleteItem', resource: 'state' },
  // Itself, for stretches of a long log, and to go on.
  { action: 'lambda:InvokeFunction', resource: 'verifyFunction' },
] as const;
