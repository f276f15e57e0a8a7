/**
 * The audit lake of the deployment: what its exporter wrote is copied out of the bucket, as an auditor copies it, read, and
 * held against the published log; one byte changed is named.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifyLakeFolder } from '../../adapters/embedded/index.ts';
import { openLakeFolder } from '../../adapters/embedded/lake/lake-folder.ts';
import { openParquetTables } from '../../adapters/machine/parquet-table.ts';
import { readLakeEntries } from '../../core/lake/index.ts';
import { bundlePairs, formatVerifierKey } from '../../core/ledger/index.ts';
import { config } from '../../nervous.config.ts';
import { freshAccount, until } from '../scenarios/fixture.ts';
import { credit } from '../scenarios/publishing.ts';
import { clientOf, deployed, output, publicKey } from './support/deployed.ts';

const functions = new LambdaClient();
const s3 = new S3Client();
const folder = mkdtempSync(join(tmpdir(), 'nervous-lake-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Run {
  readonly from: number;
  readonly to: number;
  readonly behind: number;
}

async function invoke<Answer>(name: string): Promise<Answer> {
  const FunctionName = `${output('BusPrefix')}-${name}`;
  const { FunctionError, Payload } = await functions.send(new InvokeCommand({ FunctionName, Payload: '{}' }));
  const answer = JSON.parse(Buffer.from(Payload ?? []).toString()) as Answer;
  if (FunctionError !== undefined) throw new Error(`${name}: ${JSON.stringify(answer)}`);
  return answer;
}

async function objectOf(Bucket: string, Key: string): Promise<Uint8Array | undefined> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
  return Body?.transformToByteArray();
}

/** As `aws s3 sync` does it. */
async function copyLake(): Promise<string[]> {
  const Bucket = output('LakeBucketName');
  const keys: string[] = [];
  for (let ContinuationToken: string | undefined; ;) {
    const page = await s3.send(new ListObjectsV2Command({ Bucket, ContinuationToken }));
    keys.push(...(page.Contents ?? []).map(({ Key = '' }) => Key));
    ContinuationToken = page.NextContinuationToken;
    if (ContinuationToken === undefined) break;
  }
  for (const key of keys) {
    mkdirSync(dirname(join(folder, key)), { recursive: true });
    writeFileSync(join(folder, key), (await objectOf(Bucket, key)) ?? new Uint8Array());
  }
  return keys;
}

describe.skipIf(deployed().kind === 'account')('the lake of the deployment', () => {
  const account = freshAccount();
  let keys: readonly string[];
  let vkey: string;
  let size: number;

  beforeAll(async () => {
    vkey = formatVerifierKey(config.origin, await publicKey(output('RootKeyId')));
    for (const amount of ['1.00', '2.00', '3.00'])
      await clientOf(output('ApiId'), 'bank-feed').publish(credit(account, amount));
    const { size: before } = await invoke<{ size: number }>('log-publisher');
    await invoke<Run>('lake-exporter');
    await clientOf(output('ApiId'), 'bank-feed').publish(credit(account, '4.00'));
    await until('the log should have grown', async () => {
      const grown = await invoke<{ size: number }>('log-publisher');
      return grown.size > before ? grown : undefined;
    });
    // Two at once write what one writes.
    const runs = await Promise.all([invoke<Run>('lake-exporter'), invoke<Run>('lake-exporter')]);
    expect(runs.map(({ behind }) => behind)).toEqual([0, 0]);
    size = Math.max(...runs.map(({ to }) => to));
    expect(size).toBeGreaterThan(before);
    keys = await copyLake();
  });

  it('is verified with nothing but the root key', async () => {
    expect(await verifyLakeFolder(folder, { vkey })).toMatchObject({ verdict: 'OK', entries: size });
    expect(keys.filter((key) => key.startsWith('manifests/')).length).toBeGreaterThanOrEqual(2);
  });

  it('has every entry of the published log, as it was signed', async () => {
    const [files, table] = [openLakeFolder(folder), await openParquetTables()];
    const inLake = new Map<number, string>();
    for await (const { position, note } of readLakeEntries({ files, table }))
      inLake.set(position, Buffer.from(note).toString('utf8'));
    expect(inLake.size).toBe(size);
    const read = (path: string): Promise<Uint8Array | undefined> =>
      objectOf(output('LogBucketName'), path).catch(() => undefined);
    for await (const page of bundlePairs({ read, size }, { from: 0, to: size }))
      for (const { position, entry } of page)
        expect(inLake.get(position), String(position)).toBe(Buffer.from(entry?.note ?? []).toString('utf8'));
  });

  it('is verified with the name of the file in which one byte was changed', async () => {
    const path = keys.find((key) => key.startsWith('api_activity/')) ?? 'none';
    const bytes = readFileSync(join(folder, path));
    const changed = Buffer.from(bytes);
    changed[100] = (changed[100] ?? 0) ^ 1;
    writeFileSync(join(folder, path), changed);
    const report = await verifyLakeFolder(folder, { vkey });
    expect(report.verdict).not.toBe('OK');
    expect(JSON.stringify(report)).toContain(path);
    writeFileSync(join(folder, path), bytes);
  });

  it('keeps a file that is there, whoever writes on condition that none is', async () => {
    const Bucket = output('LakeBucketName');
    await expect(
      s3.send(new PutObjectCommand({ Bucket, Key: 'lake.json', Body: '{}', IfNoneMatch: '*' })),
    ).rejects.toMatchObject({ name: 'PreconditionFailed' });
    expect(await invoke<Run>('lake-exporter')).toMatchObject({ behind: 0 });
  });
});
