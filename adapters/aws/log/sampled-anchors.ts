/**
 * Anchors to verify against: all of them while they are few, else a number spread evenly over the log's life, the newest
 * among them. The newest vouches for everything before it; the older ones only show whether somebody signed two histories.
 */
import type { AnchorStore } from '../../../core/ledger/index.ts';
import { readAnchorBucket } from './anchor-reader.ts';
import type { S3Bucket } from './s3-bucket.ts';

/** Each takes two requests. */
const MAX_READ = 500;
const PAGE = 1_000;

type ReadAnchors = Pick<AnchorStore, 'read' | 'sizes'>;

export interface AnchorFindings {
  /** how many were not read, for there are too many */
  leftOut: number;
  /** over these lies another version or a delete marker */
  readonly shadowed: Set<number>;
}

export interface SampledAnchors {
  /** listed anew whenever they are listed from the beginning */
  readonly anchors: ReadAnchors;
  /** what was found out since they were listed */
  readonly seen: AnchorFindings;
}

export function createSampledAnchors(bucket: S3Bucket, most = MAX_READ): SampledAnchors {
  const seen: AnchorFindings = { leftOut: 0, shadowed: new Set() };
  const { read, sizes } = readAnchorBucket({ bucket, onShadowed: (size) => void seen.shadowed.add(size) });
  let listed: Promise<readonly number[]> | undefined;
  const sample = async (): Promise<readonly number[]> => {
    const all = await allSizes(sizes);
    seen.shadowed.clear();
    const chosen = spread(all, most);
    seen.leftOut = all.length - chosen.length;
    return chosen;
  };
  return {
    anchors: {
      read,
      sizes: async (after, limit) => {
        if (listed === undefined || after < 0) listed = sample();
        const chosen = await listed;
        return chosen.filter((size) => size > after).slice(0, limit);
      },
    },
    seen,
  };
}

/** `most` of them at even distances, the last one always. */
export function spread(all: readonly number[], most: number): readonly number[] {
  if (all.length <= most) return all;
  return Array.from({ length: most }, (_, i) => all[Math.ceil(((i + 1) * all.length) / most) - 1] as number);
}

async function allSizes(sizes: ReadAnchors['sizes']): Promise<readonly number[]> {
  const all: number[] = [];
  for (;;) {
    const page = await sizes(all.at(-1) ?? -1, PAGE);
    all.push(...page);
    if (page.length < PAGE) return all;
  }
}
