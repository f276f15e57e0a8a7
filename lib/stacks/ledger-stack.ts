/**
 * What must never be lost: the entries and what is derived from them, the keys, the log and its anchors. It holds no code,
 * so that deploying code never touches it. Everything is retained unless the stage is disposable.
 */
import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import { AttributeType, BillingMode, StreamViewType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { AnyPrincipal, Effect, PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key, KeySpec, KeyUsage } from 'aws-cdk-lib/aws-kms';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import type { Construct } from 'constructs';
import { LogStorage } from '../constructs/log-storage.ts';
import { removalPolicyOf } from '../constructs/removal-policy.ts';
import type { Deployment } from '../deployment.ts';
import type { LedgerResources } from '../ledger-resources.ts';

/** The least that KMS allows before a destroyed key is gone. */
const KEY_DELETION_WAIT = Duration.days(7);

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

  constructor(scope: Construct, id: string, { deployment, ...props }: LedgerStackProps) {
    super(scope, id, { terminationProtection: !deployment.stage.disposable, ...props });
    this.rootKey = this.makeSigningKey(
      'RootKey',
      deployment,
      'certifies session keys, signs decisions and checkpoints',
    );
    this.dataKey = this.makeDataKey(deployment);
    this.entries = this.makeTable('Entries', deployment, {
      sortKey: AttributeType.NUMBER,
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
    });
    this.state = this.makeTable('State', deployment, { sortKey: AttributeType.STRING, timeToLiveAttribute: 'ttl' });
    const { tiles, anchors } = new LogStorage(this, 'Log', { deployment, key: this.dataKey });
    this.logBucket = tiles;
    this.anchorBucket = anchors;
    this.witnessKey = this.makeSigningKey('WitnessKey', deployment, 'cosigns checkpoints for the witness');
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
  }

  private makeSigningKey(id: string, { name, stage }: Deployment, purpose: string): Key {
    return new Key(this, id, {
      description: `${name}: ${purpose} (Ed25519)`,
      keySpec: KeySpec.ECC_NIST_EDWARDS25519,
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: removalPolicyOf(stage),
      pendingWindow: KEY_DELETION_WAIT,
    });
  }

  private makeDataKey(deployment: Deployment): Key {
    const key = new Key(this, 'DataKey', {
      description: `${deployment.name}: encrypts what is stored`,
      enableKeyRotation: true,
      removalPolicy: removalPolicyOf(deployment.stage),
      pendingWindow: KEY_DELETION_WAIT,
    });
    // As AWS's own table key does it: whoever may use the table may use the key through it, and in no other way.
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'ThroughStorageOfThisAccountOnly',
        principals: [new AnyPrincipal()],
        actions: [
          'kms:Encrypt',
          'kms:Decrypt',
          'kms:ReEncrypt*',
          'kms:GenerateDataKey*',
          'kms:DescribeKey',
          'kms:CreateGrant',
        ],
        resources: ['*'],
        conditions: {
          StringEquals: {
            'kms:CallerAccount': this.account,
            'kms:ViaService': ['dynamodb', 's3'].map((service) => `${service}.${this.region}.amazonaws.com`),
          },
        },
      }),
    );
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AlarmsToTheEncryptedTopic',
        principals: [new ServicePrincipal('cloudwatch.amazonaws.com')],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': this.account } },
        effect: Effect.ALLOW,
      }),
    );
    return key;
  }

  private makeTable(
    id: string,
    { stage }: Deployment,
    shape: {
      readonly sortKey?: AttributeType;
      readonly stream?: StreamViewType;
      readonly timeToLiveAttribute?: string;
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
      removalPolicy: removalPolicyOf(stage),
      ...rest,
    });
  }
}
