/** What versions a bucket holds, those included that a newer one or a delete marker hides. */
import { listVersions, type S3Bucket, type VersionsPage, type VersionsQuery } from './s3-bucket.ts';

/** The most that S3 lists at a time. */
const MAX_PAGE = 1_000;

/** Names that have ever been written, ascending, each once. @param options.from names up to it may be left out */
export async function* listKeys(
  bucket: S3Bucket,
  { prefix, from, pageSize }: { readonly prefix: string; readonly from: string | undefined; readonly pageSize: number },
): AsyncGenerator<string> {
  const maxKeys = Math.min(MAX_PAGE, pageSize);
  let last = '';
  for await (const { versions, deleteMarkers } of pages(bucket, { prefix, maxKeys, keyMarker: from })) {
    const keys = [...versions, ...deleteMarkers].map(({ key }) => key).sort();
    for (const key of keys) {
      if (key <= last) continue;
      last = key;
      yield key;
    }
  }
}

/** The version that was written first. A version id is never used twice, so it cannot be replaced. */
export async function firstVersion(
  bucket: S3Bucket,
  name: string,
): Promise<{ readonly versionId: string; readonly isShadowed: boolean } | undefined> {
  let first: string | undefined;
  let count = 0;
  for await (const { versions, deleteMarkers } of pages(bucket, { prefix: name })) {
    const ours = versions.filter(({ key }) => key === name); // newest first
    first = ours.at(-1)?.versionId ?? first;
    count += ours.length + deleteMarkers.filter(({ key }) => key === name).length;
  }
  return first === undefined ? undefined : { versionId: first, isShadowed: count > 1 };
}

async function* pages(bucket: S3Bucket, query: VersionsQuery): AsyncGenerator<VersionsPage> {
  for (let next: VersionsPage['next'] | Record<string, never> = {}; next !== undefined;) {
    const page = await listVersions(bucket, { ...query, ...next });
    yield page;
    next = page.next;
  }
}
