/**
 * The lake as tables: a Glue database with a table for each class, whose partitions are computed from the layout, so that nothing has to
 * be crawled; and an Athena workgroup with the saved questions.
 */
import { Aws } from 'aws-cdk-lib';
import { CfnNamedQuery, CfnWorkGroup } from 'aws-cdk-lib/aws-athena';
import { CfnDatabase, CfnTable } from 'aws-cdk-lib/aws-glue';
import type { Bucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { CLASS_NAMES, glueColumnsOf, QUESTIONS, type ClassName } from '../../core/lake/index.ts';
import { namesOf, type Deployment } from '../deployment.ts';

/** No entry is older, and none is newer than a clock can be wrong. */
const DAYS = '20250101,NOW+1DAYS';
/** A question that would read more is ended: at $5 a terabyte this is half a dollar. */
const MAX_BYTES_A_QUESTION = 100 * 1_024 ** 3;

export interface LakeTablesProps {
  readonly deployment: Deployment;
  readonly lake: Bucket;
  readonly answers: Bucket;
}

export class LakeTables extends Construct {
  constructor(scope: Construct, id: string, { deployment, lake, answers }: LakeTablesProps) {
    super(scope, id);
    const { lakeDatabase: name, lakeWorkgroup } = namesOf(deployment);
    const database = new CfnDatabase(this, 'Database', {
      catalogId: Aws.ACCOUNT_ID,
      databaseInput: { name, description: `${deployment.name}: the ledger as tables of OCSF` },
    });
    for (const className of CLASS_NAMES)
      new CfnTable(this, className, {
        ...{ catalogId: Aws.ACCOUNT_ID, databaseName: name, tableInput: tableOf(className, lake) },
      }).addResourceDependency(database);
    const workgroup = new CfnWorkGroup(this, 'Workgroup', {
      name: lakeWorkgroup,
      description: 'questions about the ledger',
      recursiveDeleteOption: true, // the history of questions goes with it; the lake does not
      workGroupConfiguration: {
        enforceWorkGroupConfiguration: true,
        publishCloudWatchMetricsEnabled: true,
        bytesScannedCutoffPerQuery: MAX_BYTES_A_QUESTION,
        engineVersion: { selectedEngineVersion: 'Athena engine version 3' },
        resultConfiguration: {
          outputLocation: `s3://${answers.bucketName}/`,
          encryptionConfiguration: { encryptionOption: 'SSE_S3' },
          expectedBucketOwner: Aws.ACCOUNT_ID,
        },
      },
    });
    if (deployment.emulated) return; // emulators have no saved questions
    for (const { name: question, about, sql } of QUESTIONS)
      new CfnNamedQuery(this, `Question-${question}`, {
        ...{ database: name, workGroup: lakeWorkgroup, name: question, description: about, queryString: sql },
      }).addResourceDependency(workgroup);
  }
}

function tableOf(className: ClassName, lake: Bucket): CfnTable.TableInputProperty {
  const location = `s3://${lake.bucketName}/${className}`;
  return {
    name: className,
    tableType: 'EXTERNAL_TABLE',
    parameters: {
      EXTERNAL: 'TRUE',
      classification: 'parquet',
      'projection.enabled': 'true',
      'projection.region.type': 'enum',
      'projection.region.values': Aws.REGION,
      'projection.accountid.type': 'enum',
      'projection.accountid.values': Aws.ACCOUNT_ID,
      'projection.eventday.type': 'date',
      'projection.eventday.format': 'yyyyMMdd',
      'projection.eventday.range': DAYS,
      'projection.eventday.interval': '1',
      'projection.eventday.interval.unit': 'DAYS',
      'storage.location.template': `${location}/region=\${region}/accountId=\${accountid}/eventDay=\${eventday}/`,
    },
    partitionKeys: ['region', 'accountid', 'eventday'].map((name) => ({ name, type: 'string' })),
    storageDescriptor: {
      location: `${location}/`,
      inputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
      outputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
      serdeInfo: { serializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' },
      columns: glueColumnsOf(className).map((column) => ({ ...column })),
    },
  };
}
