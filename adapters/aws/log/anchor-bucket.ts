/** Anchors in a bucket with Object Lock: one object a checkpoint, put only if absent. */
import { PutObjectCommand } from '@aws-sdk/client-s3';
import type { AnchorStore } from '../../../core/ledger/index.ts';
import { anchorKey, readAnchorBucket, type AnchorBucketOptions } from './anchor-reader.ts';
import { isConditionFailed } from './s3-answers.ts';

export function openAnchorBucket(options: AnchorBucketOptions): AnchorStore {
  const { client, bucket: Bucket } = options;
  return {
    ...readAnchorBucket(options),
    put: async (size, note) => {
      // No ObjectLockMode: the bucket's default retention is the rule, and cannot be forgotten here.
      const put = new PutObjectCommand({
        ...{ Bucket, Key: anchorKey(size), Body: note, IfNoneMatch: '*' },
        ...{ ContentType: 'text/plain; charset=utf-8', ChecksumAlgorithm: 'SHA256' },
      });
      try {
        await client.send(put);
        return 'stored';
      } catch (error) {
        if (isConditionFailed(error)) return 'exists';
        throw error;
      }
    },
  };
}
