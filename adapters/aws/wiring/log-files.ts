/** The published log in its bucket, as a part of a function's system: read only. */
import type { LogFiles } from '../../../core/ledger/index.ts';
import { s3Bucket } from './clients.ts';
import { readLogBucket } from '../log/log-objects.ts';

export function logFiles(env: { readonly LOG_BUCKET: string }): () => Pick<LogFiles, 'read'> {
  return () => ({ read: readLogBucket(s3Bucket(env.LOG_BUCKET)) });
}
