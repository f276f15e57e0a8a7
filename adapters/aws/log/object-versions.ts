/** What versions a bucket holds, those included that a newer one or a delete marker hides. */
import {
  ListObjectVersionsCommand,
  type ListObjectVersionsCommandInput,
  type ListObjectVersionsCommandOutput,
} from '@aws-sdk/client-s3';
import type { BucketOptions } from './log-objects.ts';

/** The most that S3 lists at a time. */
const MAX_PAGE = 1_000;

/** Names that have ever been written, ascending, each once. @param options.from names up to it may be left out */
export async function* listKeys(
  bucket: BucketOptions,
  { prefix, from, pageSize }: { readonly prefix: string; readonly from: string | undefined; readonly pageSize: number },
): AsyncGenerator<string> {
  const MaxKeys = Math.min(MAX_PAGE, pageSize);
  let last = '';
  for await (const { Versions = [], DeleteMarkers = [] } of pages(bucket, {
    ...{ Prefix: prefix, MaxKeys },
    ...(from === undefined ? {} : { KeyMarker: from }),
  })) {
    const keys = [...Versions, ...DeleteMarkers].flatMap(({ Key }) => Key ?? []).sort();
    for (const key of keys) {
      if (key <= last) continue;
      last = key;
      yield key;
    }
  }
}

/** The version that was written first. A version id is never used twice, so it cannot be replaced. */
export async function firstVersion(
  bucket: BucketOptions,
  key: string,
): Promise<{ readonly versionId: string | undefined; readonly isShadowed: boolean } | undefined> {
  const versions: (string | undefined)[] = [];
  let markers = 0;
  for await (const { Versions = [], DeleteMarkers = [] } of pages(bucket, { Prefix: key })) {
    versions.push(...Versions.filter(({ Key }) => Key === key).map(({ VersionId }) => VersionId)); // newest first
    markers += DeleteMarkers.filter(({ Key }) => Key === key).length;
  }
  if (versions.length === 0) return undefined;
  return { versionId: versions.at(-1), isShadowed: versions.length + markers > 1 };
}

async function* pages(
  { client, bucket: Bucket }: BucketOptions,
  query: Omit<ListObjectVersionsCommandInput, 'Bucket'>,
): AsyncGenerator<ListObjectVersionsCommandOutput> {
  let marker: Pick<ListObjectVersionsCommandInput, 'KeyMarker' | 'VersionIdMarker'> = {};
  for (;;) {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket, ...query, ...marker }));
    yield page;
    if (page.IsTruncated !== true) return;
    marker = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
}
