/**
 * The audit lake, for a system that asks for one: a bucket that gets the published log as tables once an hour, and Athena over it. It
 * reads the log as anybody might, with no key and no table, and holds nothing that others wait for.
 */
import { Aws, CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { LakeStorage } from '../constructs/lake-storage.ts';
import { LakeTables } from '../constructs/lake-tables.ts';
import { namesOf, type Deployment } from '../deployment.ts';
import { NervousFunction } from '../functions/nervous-function.ts';
import { runEvery } from '../functions/schedule.ts';
import type { LedgerResources } from '../ledger-resources.ts';

/** Each run that finds something new makes a range, a manifest, and a file for each class and day. */
const INTERVAL = Duration.hours(1);
const TIMEOUT = Duration.minutes(15);
/** Rows of a range, and the tables that are made of them, are in memory at once. */
const MEMORY_MIB = 2_048;

export interface LakeStackProps extends StackProps {
  readonly deployment: Deployment;
  readonly ledger: LedgerResources;
}

export class LakeStack extends Stack {
  constructor(scope: Construct, id: string, { deployment, ledger, ...props }: LakeStackProps) {
    super(scope, id, props);
    const { lake, answers } = new LakeStorage(this, 'Storage', { deployment });
    new LakeTables(this, 'Tables', { deployment, lake, answers });
    const exporter = new NervousFunction(this, 'Exporter', {
      ...{ deployment, ledger, lambda: 'lake-exporter', timeout: TIMEOUT, memoryMib: MEMORY_MIB },
      environment: {
        LOG_BUCKET: ledger.logBucket.bucketName,
        LAKE_BUCKET: lake.bucketName,
        LAKE_REGION: Aws.REGION,
        LAKE_ACCOUNT: Aws.ACCOUNT_ID,
      },
      resources: { lakeBucket: [lake.bucketArn, lake.arnForObjects('*')] },
    });
    runEvery(exporter, INTERVAL);
    new CfnOutput(this, 'LakeBucketName', { value: lake.bucketName });
    new CfnOutput(this, 'LakeDatabase', { value: namesOf(deployment).lakeDatabase });
    new CfnOutput(this, 'LakeWorkgroup', { value: namesOf(deployment).lakeWorkgroup });
  }
}
