/** Empty buckets and a witness's table, as the log has them, for one test, on whatever the environment's endpoint is. */
import { randomUUID } from 'node:crypto';
import { CreateTableCommand, DeleteTableCommand, waitUntilTableExists } from '@aws-sdk/client-dynamodb';
import {
  CreateBucketCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { dynamoClient } from '../../../adapters/aws/wiring/clients.ts';

export interface Scratch {
  readonly name: string;
  readonly drop: () => Promise<void>;
}

/** Versioned, as both buckets of the log are. */
export async function createScratchBucket(): Promise<Scratch> {
  const client = new S3Client();
  const Bucket = `log-${randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }));
  const drop = async (): Promise<void> => {
    await emptyBucket(client, Bucket);
    await client.send(new DeleteBucketCommand({ Bucket }));
    client.destroy();
  };
  return { name: Bucket, drop };
}

/** Every version of everything: an emulator deletes no bucket that holds something. */
export async function emptyBucket(client: S3Client, Bucket: string): Promise<void> {
  for (;;) {
    const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
    const Objects = [...Versions, ...DeleteMarkers].map(({ Key, VersionId }) => ({ Key, VersionId }));
    if (Objects.length === 0) return;
    await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: Objects.slice(0, 1_000), Quiet: true } }));
  }
}

export async function createWitnessTable(): Promise<Scratch> {
  const client = dynamoClient();
  const TableName = `witness-${randomUUID()}`;
  await client.send(
    new CreateTableCommand({
      TableName,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    }),
  );
  await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 2 }, { TableName });
  const drop = async (): Promise<void> => {
    await client.send(new DeleteTableCommand({ TableName }));
    client.destroy();
  };
  return { name: TableName, drop };
}
