/** What the lake exporter works with: the published log in its bucket, the lake in another, and somebody who knows Parquet. */
import type { LakeExport } from '../../../core/lake/index.ts';
import { openParquetTables } from '../../machine/parquet-table.ts';
import { openLakeBucket } from '../log/lake-bucket.ts';
import { readLogBucket } from '../log/log-objects.ts';
import { s3Bucket } from './clients.ts';

/** A file of some megabytes takes longer than other requests. */
const FILE_TIMEOUT_MS = 60_000;

export interface LakeBuckets {
  readonly LOG_BUCKET: string;
  readonly LAKE_BUCKET: string;
}

export async function openLakePorts({
  LOG_BUCKET,
  LAKE_BUCKET,
}: LakeBuckets): Promise<Pick<LakeExport, 'files' | 'log' | 'table'>> {
  return {
    files: openLakeBucket(s3Bucket(LAKE_BUCKET, { timeoutMs: FILE_TIMEOUT_MS })),
    log: readLogBucket(s3Bucket(LOG_BUCKET)),
    table: await openParquetTables(),
  };
}
