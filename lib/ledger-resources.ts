/** What the ledger's stack hands to the others: the tables, keys and topic of failures that functions are wired to. */
import type { Table } from 'aws-cdk-lib/aws-dynamodb';
import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';

export interface LedgerResources {
  readonly entries: Table;
  readonly state: Table;
  /** Ed25519, signs session keys, decisions and checkpoints */
  readonly rootKey: Key;
  /** symmetric, encrypts what is stored */
  readonly dataKey: Key;
  /** the published log: tiles, bundles, the checkpoint */
  readonly logBucket: Bucket;
  /** checkpoints, each written once */
  readonly anchorBucket: Bucket;
  /** Ed25519, cosigns checkpoints; the witness's alone */
  readonly witnessKey: Key;
  /** what the witness saw last; its alone */
  readonly witnessTable: Table;
  /** for emergencies */
  readonly breakGlassRole: Role;
}
