/**
 * Reads anchors, `ckpt/<size, 20 digits>`, from a bucket with Object Lock. S3 keeps the first version of each for the bucket's
 * retention, whoever tries to delete it; somebody can only lay a newer version or a delete marker over it. Therefore this
 * reads versions and not names: the first version counts, and what lies over it is reported.
 */
import type { AnchorStore } from '../../../core/ledger/index.ts';
import { newestSize } from './newest-size.ts';
import { firstVersion, listKeys } from './object-versions.ts';
import { getObject, type S3Bucket } from './s3-bucket.ts';

const FOLDER = 'ckpt/';
const DIGITS = 20;
const NAME = /^ckpt\/([0-9]{20})$/;

export interface AnchorBucketOptions {
  readonly bucket: S3Bucket;
  /** Somebody laid another version or a delete marker over the anchor of this size. Must not throw. */
  readonly onShadowed?: (size: number) => void;
}

export function readAnchorBucket(options: AnchorBucketOptions): Omit<AnchorStore, 'put'> {
  const { bucket, onShadowed } = options;
  const sizes: AnchorStore['sizes'] = (after, limit) => listSizes(bucket, after, limit);
  let known: number | undefined;
  return {
    read: async (size) => {
      const key = anchorKey(size);
      const first = await firstVersion(bucket, key);
      if (first === undefined) return undefined;
      if (first.isShadowed) onShadowed?.(size);
      return (await getObject(bucket, key, first.versionId))?.bytes;
    },
    sizes,
    newest: async () => (known = await newestSize(sizes, known)),
  };
}

export function anchorKey(size: number): string {
  return `${FOLDER}${String(size).padStart(DIGITS, '0')}`;
}

/** S3 lists names in order, and with leading zeros that is the order of the sizes. */
async function listSizes(bucket: S3Bucket, after: number, limit: number): Promise<number[]> {
  const sizes: number[] = [];
  const from = after < 0 ? undefined : anchorKey(after);
  for await (const key of listKeys(bucket, { prefix: FOLDER, from, pageSize: limit })) {
    const size = sizeOf(key);
    if (size === undefined || size <= after) continue;
    sizes.push(size);
    if (sizes.length === limit) break;
  }
  return sizes;
}

/** undefined: no anchor of ours, whoever put it there. */
function sizeOf(key: string): number | undefined {
  const size = Number(NAME.exec(key)?.[1]);
  return Number.isSafeInteger(size) ? size : undefined;
}
