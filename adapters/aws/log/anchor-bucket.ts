/** Anchors in a bucket with Object Lock: one object a checkpoint, put only if absent. */
import type { AnchorStore } from '../../../core/ledger/index.ts';
import { anchorKey, readAnchorBucket, type AnchorBucketOptions } from './anchor-reader.ts';
import { putObject } from './s3-bucket.ts';

/** No Object Lock mode: the bucket's default retention is the rule, and cannot be forgotten here. */
const PUT = { contentType: 'text/plain; charset=utf-8', cacheControl: 'no-cache', ifNoneMatch: '*' } as const;

export function createAnchorBucket(options: AnchorBucketOptions): AnchorStore {
  return {
    ...readAnchorBucket(options),
    put: async (size, note) => {
      const put = await putObject(options.bucket, anchorKey(size), note, PUT);
      return put === 'stored' ? 'stored' : 'exists';
    },
  };
}
