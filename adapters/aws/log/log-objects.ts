/** Reading the public log out of its bucket. */
import type { ReadLogFile } from '../../../core/ledger/index.ts';
import { getObject, type S3Bucket } from './s3-bucket.ts';

export function readLogBucket(bucket: S3Bucket): ReadLogFile {
  return async (path) => (await getObject(bucket, path))?.bytes;
}
