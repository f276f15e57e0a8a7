/** Reading the public log out of its bucket. */
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ReadLogFile } from '../../../core/ledger/index.ts';
import { isMissing } from './s3-answers.ts';

export interface BucketOptions {
  readonly client: S3Client;
  readonly bucket: string;
}

export interface FoundObject {
  readonly bytes: Uint8Array;
  /** names these bytes for conditional writes */
  readonly etag: string | undefined;
}

export function readLogBucket(options: BucketOptions): ReadLogFile {
  return async (path) => (await findObject(options, path))?.bytes;
}

export async function findObject({ client, bucket }: BucketOptions, key: string): Promise<FoundObject | undefined> {
  try {
    const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return { bytes: (await Body?.transformToByteArray()) ?? new Uint8Array(), etag: ETag };
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}
