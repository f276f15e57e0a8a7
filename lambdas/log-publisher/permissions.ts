/** What the log publisher does: reads the log, writes tiles, signs checkpoints, anchors them, asks the witness. */
export const permissions = [
  { action: 'dynamodb:GetItem', resource: 'entries' },
  { action: 'dynamodb:BatchGetItem', resource: 'entries' },
  { action: 'dynamodb:Query', resource: 'entries' },
  { action: 'dynamodb:GetItem', resource: 'state' },
  { action: 'dynamodb:Query', resource: 'state' },
  { action: 'kms:GetPublicKey', resource: 'rootKey' },
  { action: 'kms:Sign', resource: 'rootKey' },
  { action: 'kms:GetPublicKey', resource: 'witnessKey' },
  { action: 's3:GetObject', resource: 'logBucket' },
  // Without it S3 answers "forbidden" where nothing is.
  { action: 's3:ListBucket', resource: 'logBucket' },
  { action: 's3:PutObject', resource: 'logBucket' },
  { action: 's3:DeleteObject', resource: 'logBucket' },
  { action: 's3:ListBucketVersions', resource: 'anchorBucket' },
  { action: 's3:GetObjectVersion', resource: 'anchorBucket' },
  { action: 's3:PutObject', resource: 'anchorBucket' },
  { action: 'lambda:InvokeFunction', resource: 'witnessFunction' },
] as const;
