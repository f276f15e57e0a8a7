/**
 * A lake in a bucket: each file is written once, on condition that nothing is there, and S3 checks it against its SHA-256. What another
 * exporter writes at the same moment is there already, or is asked for again.
 */
import type { LakeFiles } from '../../../core/lake/index.ts';
import { ServiceError } from '../request/service-error.ts';
import { getObject, listObjects, putObject, type S3Bucket } from './s3-bucket.ts';

/** S3 took neither of two conditional writes at once, and says so. */
const CONFLICT = 409;
const TRIES = 5;
/** What a file says never changes. */
const CACHED = 'max-age=31536000, immutable';

export function openLakeBucket(bucket: S3Bucket): LakeFiles {
  return {
    read: async (path) => (await getObject(bucket, path))?.bytes,
    create: (path, bytes) => create(bucket, path, bytes),
    list: (below) => listObjects(bucket, below),
  };
}

async function create(bucket: S3Bucket, path: string, bytes: Uint8Array, left = TRIES): Promise<boolean> {
  const contentType = path.endsWith('.json') ? 'application/json' : 'application/vnd.apache.parquet';
  try {
    const how = { contentType, cacheControl: CACHED, ifNoneMatch: '*' } as const;
    return (await putObject(bucket, path, bytes, how)) === 'stored';
  } catch (error) {
    if (left > 1 && error instanceof ServiceError && error.status === CONFLICT)
      return create(bucket, path, bytes, left - 1);
    throw error;
  }
}
