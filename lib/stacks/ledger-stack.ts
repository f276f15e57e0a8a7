/**
 * What must never be lost: the entries and what is derived from them, the keys, the log and its anchors. It holds no code,
 * so that deploying code never touches it. Everything is retained unless the stage is disposable.
 */
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, BillingMode, StreamViewType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import type { PolicyDocument, Role } from 'aws-cdk-lib/aws-iam';
import type { Key } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { appendOnlyPolicy } from '../constructs/append-only-policy.ts';
import { BreakGlass } from '../constructs/break-glass.ts';
import { LedgerKeys } from '../constructs/ledger-keys.ts';
import { LogStorage } from '../constructs/log-storage.ts';
import { protectedRemovalPolicyOf } from '../constructs/removal-policy.ts';
import type { Deployment } from '../deployment.ts';
import type { LedgerResources } from '../ledger-resources.ts';

export interface LedgerStackProps extends StackProps {
  readonly deployment: Deployment;
}

export class LedgerStack extends Stack implements LedgerResources {
  readonly entries: Table;
  readonly state: Table;
  readonly rootKey: Key;
  readonly dataKey: Key;
  readonly logBucket: Bucket;
  readonly anchorBucket: Bucket;
  readonly witnessKey: Key;
  readonly witnessTable: Table;
  readonly breakGlassRole: Role;

  constructor(scope: Construct, id: string, { deployment, ...props }: LedgerStackProps) {
    super(scope, id, props);
    const breakGlass = new BreakGlass(this, 'BreakGlass', deployment);
    this.breakGlassRole = breakGlass.role;
    const keys = new LedgerKeys(this, { deployment, breakGlass });
    this.rootKey = keys.root;
    this.dataKey = keys.data;
    this.witnessKey = keys.witness;
    this.entries = this.makeTable('Entries', deployment, {
      sortKey: AttributeType.NUMBER,
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      ...(deployment.stage.disposable ? {} : { resourcePolicy: appendOnlyPolicy(this, deployment, breakGlass.role) }),
    });
    this.state = this.makeTable('State', deployment, {
      sortKey: AttributeType.STRING,
      timeToLiveAttribute: 'ttl',
      stream: StreamViewType.OLD_IMAGE,
    });
    const { tiles, anchors } = new LogStorage(this, 'Log', { deployment });
    this.logBucket = tiles;
    this.anchorBucket = anchors;
    this.witnessTable = this.makeTable('WitnessMemory', deployment);
    new CfnOutput(this, 'EntriesTableName', { value: this.entries.tableName });
    new CfnOutput(this, 'StateTableName', { value: this.state.tableName });
    new CfnOutput(this, 'RootKeyId', {
      value: this.rootKey.keyId,
      description: 'its public key: aws kms get-public-key',
    });
    new CfnOutput(this, 'LogBucketName', { value: this.logBucket.bucketName });
    new CfnOutput(this, 'AnchorBucketName', { value: this.anchorBucket.bucketName });
    new CfnOutput(this, 'WitnessKeyId', { value: this.witnessKey.keyId });
    new CfnOutput(this, 'BreakGlassRoleArn', { value: breakGlass.role.roleArn });
  }

  private makeTable(
    id: string,
    { stage }: Deployment,
    shape: {
      readonly sortKey?: AttributeType;
      readonly stream?: StreamViewType;
      readonly timeToLiveAttribute?: string;
      readonly resourcePolicy?: PolicyDocument;
    } = {},
  ): Table {
    const { sortKey, ...rest } = shape;
    return new Table(this, id, {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      ...(sortKey === undefined ? {} : { sortKey: { name: 'sk', type: sortKey } }),
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.dataKey,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: !stage.disposable,
      removalPolicy: protectedRemovalPolicyOf(stage),
      ...rest,
    });
  }
}
