/**
 * The object storage of the Merkle log: one bucket for tiles and bundles, and one for anchors, where an object is written
 * once, by a conditional put, and then cannot be changed or deleted by anybody until its retention has passed.
 */
import { Duration } from 'aws-cdk-lib';
import {
  BlockPublicAccess,
  Bucket,
  type IBucket,
  BucketEncryption,
  ObjectLockRetention,
  ObjectOwnership,
  type BucketProps,
} from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';
import { removalPolicyOf } from './removal-policy.ts';
import { writeOnce } from './write-once.ts';

export interface LogStorageProps {
  readonly deployment: Deployment;
}

export class LogStorage extends Construct {
  readonly tiles: Bucket;
  readonly anchors: Bucket;

  constructor(scope: Construct, id: string, { deployment }: LogStorageProps) {
    super(scope, id);
    const { stage } = deployment;
    const base = bucketBase(deployment);
    const accessLogs = new Bucket(this, 'AccessLogs', {
      ...base,
      lifecycleRules: [{ expiration: Duration.days(stage.logRetention) }],
    });
    acknowledge(accessLogs, 'S1', 'it holds the access logs of the other buckets; logging its own would never end');
    const kept: BucketProps = {
      ...base,
      versioned: true,
      serverAccessLogsBucket: accessLogs as IBucket,
    };
    this.tiles = new Bucket(this, 'Tiles', { ...kept, serverAccessLogsPrefix: 'tiles/' });
    this.anchors = new Bucket(this, 'Anchors', {
      ...kept,
      serverAccessLogsPrefix: 'anchors/',
      objectLockEnabled: true,
      ...(stage.anchorRetention === undefined
        ? {}
        : { objectLockDefaultRetention: ObjectLockRetention.compliance(stage.anchorRetention) }),
    });
    writeOnce(this.anchors, { mayBeEmptied: stage.disposable });
  }
}

/** What every bucket has: a key of ours could be deleted, and every anchor with it. */
export function bucketBase({ stage, emulated }: Pick<Deployment, 'stage' | 'emulated'>): BucketProps {
  return {
    encryption: BucketEncryption.S3_MANAGED,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy: removalPolicyOf(stage),
    autoDeleteObjects: stage.disposable && !emulated, // emulators have no SDK in the runtime, which this needs
  };
}
