/**
 * A lake in S3, exported by runs that die: at each call, before S3 has carried it out and after, and with two at once. Every position is
 * in exactly one file then, and nothing that is there was written over.
 */
import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import { openLakeBucket } from '../../../../adapters/aws/log/lake-bucket.ts';
import { createS3Bucket, type S3Bucket } from '../../../../adapters/aws/log/s3-request.ts';
import { openParquetTables } from '../../../../adapters/machine/parquet-table.ts';
import { verifyLake, type LakeTable } from '../../../../core/lake/index.ts';
import { exportInTime, type ExportRun } from '../../../../lambdas/lake-exporter/export-in-time.ts';
import { PublishedLog, ROOT } from '../../../core/lake/lake-fixture.ts';

const PLACE = { region: 'eu-west-1', accountId: '111122223333' };
const LONG = 900_000;
const PATIENCE_MS = 600_000;

/** As S3 does it: what is asked for in pages of two, and written on condition that nothing is there. */
class FakeS3 {
  readonly stored = new Map<string, Uint8Array>();
  requests = 0;
  overwritten = 0;
  /** throws: the request is lost before S3 carries it out, or its answer after */
  before: () => void = () => {};
  after: () => void = () => {};
  /** answered instead, once each */
  readonly answers: Response[] = [];

  bucket(): S3Bucket {
    return createS3Bucket({
      ...{ name: 'lake', attempts: 1, timeoutMs: 5_000, sleep: async () => undefined },
      env: { AWS_REGION: 'eu-west-1', AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'secret' },
      fetch: async (input, { method = 'GET', headers, body } = {}) => {
        this.requests += 1;
        this.before();
        const answer =
          this.answers.shift() ??
          this.answer(method, new URL(input instanceof Request ? input.url : input), new Headers(headers), body);
        this.after();
        return answer;
      },
    });
  }

  private answer(method: string, url: URL, headers: Headers, body: unknown): Response {
    const key = decodeURIComponent(url.pathname.slice(1));
    if (method === 'PUT') return this.put(key, headers, body as Uint8Array);
    if (key === '') return this.page(url.searchParams);
    const bytes = this.stored.get(key);
    if (bytes === undefined) return refusal(404, 'NoSuchKey');
    return new Response(Uint8Array.from(bytes), { headers: { 'x-amz-checksum-sha256': sum(bytes) } });
  }

  private put(key: string, headers: Headers, body: Uint8Array): Response {
    if (headers.get('x-amz-checksum-sha256') !== sum(body)) return refusal(400, 'BadDigest');
    if (this.stored.has(key)) {
      if (headers.get('if-none-match') === '*') return refusal(412, 'PreconditionFailed');
      this.overwritten += 1;
    }
    this.stored.set(key, Uint8Array.from(body));
    return new Response('');
  }

  private page(query: URLSearchParams): Response {
    const from = query.get('continuation-token') ?? '';
    const keys = [...this.stored.keys()]
      .filter((key) => key.startsWith(query.get('prefix') ?? '') && key > from)
      .sort();
    const shown = keys.slice(0, 2);
    const contents = shown.map((key) => `<Contents><Key>${encodeURIComponent(key)}</Key></Contents>`).join('');
    const more = keys.length > shown.length;
    const next = more ? `<NextContinuationToken>${shown.at(-1) ?? ''}</NextContinuationToken>` : '';
    const xml = `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>${String(more)}</IsTruncated>${contents}${next}</ListBucketResult>`;
    return new Response(xml);
  }
}

const sum = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('base64');
const refusal = (status: number, code: string): Response =>
  new Response(`<Error><Code>${code}</Code></Error>`, { status });

let table: LakeTable;
beforeAll(async () => {
  table = await openParquetTables();
});

function run(s3: FakeS3, log: PublishedLog, remainingMs: () => number = () => LONG): Promise<ExportRun> {
  const files = openLakeBucket(s3.bucket());
  return exportInTime({ files, table, log: log.read, ...PLACE, maxRange: 300 }, { remainingMs });
}

const verdictOf = (s3: FakeS3) => verifyLake({ files: openLakeBucket(s3.bucket()), table, root: ROOT });

async function expectWhole(s3: FakeS3, log: PublishedLog, like: FakeS3): Promise<void> {
  expect(await verdictOf(s3)).toMatchObject({ verdict: 'OK', entries: log.size });
  expect(s3.overwritten).toBe(0);
  expect([...s3.stored].sort()).toEqual([...like.stored].sort());
}

describe('a lake in S3', () => {
  let log: PublishedLog;
  let whole: FakeS3;
  beforeAll(async () => {
    log = await new PublishedLog().grow(700);
    whole = new FakeS3();
    expect(await run(whole, log)).toMatchObject({ from: 0, to: 700, ranges: 3, behind: 0 });
  });

  it('has all that was published, and a second run adds nothing', async () => {
    await expectWhole(whole, log, whole);
    const before = whole.stored.size;
    expect(await run(whole, log)).toMatchObject({ from: 700, to: 700, files: 0, behind: 0 });
    expect(whole.stored.size).toBe(before);
  });

  it.each(['before', 'after'] as const)(
    'whose exporter dies %s S3 carries out a call, at each one, is the same in the end',
    async (when) => {
      let deaths = 0;
      for (let at = 1; ; at += 1) {
        const s3 = new FakeS3();
        s3[when] = () => {
          if (s3.requests === at) throw new TypeError('the process died');
        };
        const died = await run(s3, log).then(
          () => false,
          () => true,
        );
        if (!died) break;
        deaths += 1;
        s3[when] = () => {};
        await run(s3, log);
        expect([...s3.stored.keys()].sort(), `killed at call ${at}`).toEqual([...whole.stored.keys()].sort());
        // Equal bytes under equal names, so that it verifies as the whole one does.
        for (const [key, bytes] of s3.stored)
          expect(Buffer.compare(bytes, whole.stored.get(key) ?? Buffer.of()), key).toBe(0);
        expect(s3.overwritten).toBe(0);
      }
      expect(deaths).toBeGreaterThan(20);
    },
    PATIENCE_MS,
  );

  it(
    'whose exporter dies at one call after the other, in run after run, is the same in the end',
    async () => {
      const s3 = new FakeS3();
      for (let allowed = 3; ; allowed += 1) {
        const from = s3.requests;
        s3.after = () => {
          if (s3.requests - from >= allowed) throw new TypeError('the process died');
        };
        if (
          await run(s3, log).then(
            () => true,
            () => false,
          )
        )
          break;
      }
      s3.after = () => {};
      await expectWhole(s3, log, whole);
    },
    PATIENCE_MS,
  );

  it(
    'that two exporters write at once is that of one',
    async () => {
      const s3 = new FakeS3();
      await Promise.all([run(s3, log), run(s3, log), run(s3, log)]);
      await expectWhole(s3, log, whole);
    },
    PATIENCE_MS,
  );

  it('is gone on with by the next run when the time is short, and it is told how much is left', async () => {
    const s3 = new FakeS3();
    expect(await run(s3, log, () => 1_000)).toMatchObject({ from: 0, to: 300, ranges: 1, behind: 400 });
    expect(await run(s3, log, () => 1_000)).toMatchObject({ from: 300, to: 600, behind: 100 });
    expect(await run(s3, log, () => 1_000)).toMatchObject({ from: 600, to: 700, behind: 0 });
    expect(await verdictOf(s3)).toMatchObject({ verdict: 'OK', entries: 700 });
  });

  it('is asked again when S3 takes neither of two writes at once, and not for ever', async () => {
    const files = (s3: FakeS3) => openLakeBucket(s3.bucket());
    const s3 = new FakeS3();
    s3.answers.push(refusal(409, 'ConditionalRequestConflict'));
    expect(await files(s3).create('lake.json', Buffer.from('{}'))).toBe(true);
    expect(s3.requests).toBe(2);
    const busy = new FakeS3();
    busy.answers.push(...Array.from({ length: 9 }, () => refusal(409, 'ConditionalRequestConflict')));
    await expect(files(busy).create('lake.json', Buffer.from('{}'))).rejects.toMatchObject({ status: 409 });
    expect(busy.requests).toBe(5);
  });

  it('of which a byte is changed is not OK, and the file is named', async () => {
    const s3 = new FakeS3();
    for (const [key, bytes] of whole.stored) s3.stored.set(key, bytes);
    const path = [...s3.stored.keys()].find((key) => key.endsWith('.parquet')) ?? 'none';
    const bytes = Buffer.from(s3.stored.get(path) ?? []);
    bytes[50] = (bytes[50] ?? 0) ^ 1;
    s3.stored.set(path, bytes);
    const report = await verdictOf(s3);
    expect(report.verdict).not.toBe('OK');
    expect(report.firstBad?.path).toBe(path);
  });
});
