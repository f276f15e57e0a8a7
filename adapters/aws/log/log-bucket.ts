/**
 * The public log in a bucket, under the paths of C2SP tlog-tiles: whatever serves the bucket serves the log. S3 checks every
 * write against its SHA-256. Two publishers may write at once: only the checkpoint depends on what was there before.
 */
import {
  DeleteObjectsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type PutObjectCommandInput,
} from '@aws-sdk/client-s3';
import type { LogFiles } from '../../../core/ledger/index.ts';
import { AwsError } from '../errors.ts';
import { findObject, readLogBucket, type BucketOptions } from './log-objects.ts';
import { isConditionFailed, isMissing } from './s3-answers.ts';

const CHECKPOINT = 'checkpoint';
/** What a file says never changes while it is there, but for the checkpoint, which is asked for again each time. */
const FOR_EVER = 'max-age=31536000, immutable';

export function openLogBucket(options: BucketOptions): LogFiles {
  return {
    read: readLogBucket(options),
    write: (path, bytes) => put(options, path, bytes),
    replaceCheckpoint: async (note, before) => {
      const now = await findObject(options, CHECKPOINT);
      if (!isSame(now?.bytes, before)) return false;
      const condition = now?.etag === undefined ? { IfNoneMatch: '*' } : { IfMatch: now.etag };
      try {
        await put(options, CHECKPOINT, note, condition);
        return true;
      } catch (error) {
        // So does a write whose answer was lost and which the client sent again: who reads on finds what is there.
        if (isConditionFailed(error) || isMissing(error)) return false;
        throw error;
      }
    },
    removePartials: (fullPath) => removeAll(options, `${fullPath}.p/`),
  };
}

async function put(
  { client, bucket: Bucket }: BucketOptions,
  Key: string,
  Body: Uint8Array,
  condition: Pick<PutObjectCommandInput, 'IfMatch' | 'IfNoneMatch'> = {},
): Promise<void> {
  const headers =
    Key === CHECKPOINT
      ? { ContentType: 'text/plain; charset=utf-8', CacheControl: 'no-cache' }
      : { ContentType: 'application/octet-stream', CacheControl: FOR_EVER };
  await client.send(new PutObjectCommand({ Bucket, Key, Body, ChecksumAlgorithm: 'SHA256', ...headers, ...condition }));
}

/** A part is at most 255 objects, so one page. @throws AwsError ANSWER_INVALID when some of them are still there */
async function removeAll({ client, bucket: Bucket }: BucketOptions, Prefix: string): Promise<void> {
  const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket, Prefix }));
  if (Contents.length === 0) return;
  const Delete = { Objects: Contents.map(({ Key }) => ({ Key })), Quiet: true };
  const { Errors = [] } = await client.send(new DeleteObjectsCommand({ Bucket, Delete }));
  if (Errors.length === 0) return;
  const message = `S3 did not delete ${Errors.length} objects: ${Errors[0]?.Key ?? ''} (${Errors[0]?.Code ?? ''})`;
  throw new AwsError({ code: 'ANSWER_INVALID', message });
}

function isSame(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a === undefined || b === undefined ? a === b : Buffer.compare(a, b) === 0;
}
