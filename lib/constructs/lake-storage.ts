/**
 * The bucket of a lake, where an object is written once and then stays, and another one for answers of Athena, which anybody who may
 * ask can have again.
 */
import { Duration } from 'aws-cdk-lib';
import { Bucket, StorageClass, type BucketProps, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import type { Deployment } from '../deployment.ts';
import { acknowledge } from './acknowledge.ts';
import { bucketBase } from './log-storage.ts';
import { writeOnce } from './write-once.ts';

/** S3 moves what nobody reads to cheaper tiers by itself, and asks nothing for reading it. */
const TIERED_AFTER = Duration.days(30);
const ANSWERS_KEPT = Duration.days(30);

export class LakeStorage extends Construct {
  readonly lake: Bucket;
  readonly answers: Bucket;

  constructor(scope: Construct, id: string, { deployment }: { readonly deployment: Deployment }) {
    super(scope, id);
    const { stage } = deployment;
    const base = bucketBase(deployment);
    const accessLogs = new Bucket(this, 'AccessLogs', {
      ...base,
      lifecycleRules: [{ expiration: Duration.days(stage.logRetention) }],
    });
    acknowledge(accessLogs, 'S1', 'it holds the access logs of the other buckets; logging its own would never end');
    const logged: BucketProps = { ...base, serverAccessLogsBucket: accessLogs as IBucket };
    this.lake = new Bucket(this, 'Lake', {
      ...logged,
      versioned: true,
      serverAccessLogsPrefix: 'lake/',
      lifecycleRules: [
        { transitions: [{ storageClass: StorageClass.INTELLIGENT_TIERING, transitionAfter: TIERED_AFTER }] },
      ],
    });
    writeOnce(this.lake, { mayBeEmptied: stage.disposable });
    this.answers = new Bucket(this, 'Answers', {
      ...logged,
      serverAccessLogsPrefix: 'answers/',
      lifecycleRules: [{ expiration: ANSWERS_KEPT }],
    });
  }
}
