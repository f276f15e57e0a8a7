/** The published log in its bucket, as a port of a function's system: read only. */
import type { LogFiles } from '../../../core/ledger/index.ts';
import { s3Bucket } from './clients.ts';
import { readLogBucket } from '../log/log-objects.ts';

export function createLogFiles(env: { readonly LOG_BUCKET: string }): Pick<LogFiles, 'read'> {
  return { read: readLogBucket(s3Bucket(env.LOG_BUCKET)) };
}
