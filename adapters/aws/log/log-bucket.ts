/**
 * The public log in a bucket, under the paths of C2SP tlog-tiles: whatever serves the bucket serves the log. S3 checks every
 * write against its SHA-256. Two publishers may write at once: only the checkpoint depends on what was there before.
 */
import type { LogFiles } from '../../../core/ledger/index.ts';
import { readLogBucket } from './log-objects.ts';
import { deleteObjects, getObject, listObjects, putObject, type S3Bucket } from './s3-bucket.ts';

const CHECKPOINT = 'checkpoint';
/** What a file says never changes while it is there, but for the checkpoint, which is asked for again each time. */
const FILE = { contentType: 'application/octet-stream', cacheControl: 'max-age=31536000, immutable' };
const NOTE = { contentType: 'text/plain; charset=utf-8', cacheControl: 'no-cache' };

export function createLogBucket(bucket: S3Bucket): LogFiles {
  return {
    read: readLogBucket(bucket),
    write: async (path, bytes) => {
      await putObject(bucket, path, bytes, path === CHECKPOINT ? NOTE : FILE);
    },
    replaceCheckpoint: async (note, before) => {
      const now = await getObject(bucket, CHECKPOINT);
      if (!isSame(now?.bytes, before)) return false;
      const condition = now?.etag === undefined ? ({ ifNoneMatch: '*' } as const) : { ifMatch: now.etag };
      // So is a write refused whose answer was lost and which was sent again: who reads on finds what is there.
      return (await putObject(bucket, CHECKPOINT, note, { ...NOTE, ...condition })) === 'stored';
    },
    removePartials: async (fullPath) => deleteObjects(bucket, await listObjects(bucket, `${fullPath}.p/`)),
  };
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}
