/**
 * The published log of the deployment: what its functions publish is read over HTTP and checked with nothing but public
 * keys; the witness refuses what it must; the verify function holds the tables against all of it.
 */
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, ListObjectVersionsCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  addCheckpointBody,
  checkProof,
  cosignerKey,
  ed25519Key,
  formatCheckpoint,
  formatCosignerKey,
  formatProof,
  formatVerifierKey,
  fsckLog,
  openCheckpoint,
  parseProof,
  signNote,
  type NoteKey,
  type OpenedCheckpoint,
} from '../../core/ledger/index.ts';
import { memoryRootSigner } from '../../adapters/memory/index.ts';
import { config } from '../../nervous.config.ts';
import { credit } from '../scenarios/publishing.ts';
import { freshAccount, until } from '../scenarios/fixture.ts';
import { clientOf, deployed, httpApiUrl, output, publicKey } from './support/deployed.ts';
import { tokenOf } from './support/oidc-issuer.ts';

const { origin } = config;
const witnessName = `${origin}/witness`;
const functions = new LambdaClient();
const s3 = new S3Client();

async function invoke(folder: string, payload: object = {}): Promise<unknown> {
  const FunctionName = `${output('BusPrefix')}-${folder}`;
  const { FunctionError, Payload } = await functions.send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload) }),
  );
  const answer: unknown = JSON.parse(Buffer.from(Payload ?? []).toString());
  if (FunctionError !== undefined) throw new Error(`${folder}: ${JSON.stringify(answer)}`);
  return answer;
}

/** The log as an auditor sees it, over HTTP. */
async function get(path: string): Promise<Uint8Array | undefined> {
  const authorization = `Bearer ${await tokenOf(deployed().issuer, 'eva')}`;
  const response = await fetch(`${httpApiUrl(output('ApiId'))}/v1/${path}`, { headers: { authorization } });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return new Uint8Array(await response.arrayBuffer());
}

describe.skipIf(deployed().kind === 'account')('the published log of the deployment', () => {
  const account = freshAccount();
  let rootKey: NoteKey;
  let keys: readonly NoteKey[];
  let vkeys: readonly string[];

  beforeAll(async () => {
    const [root, witness] = [await publicKey(output('RootKeyId')), await publicKey(output('WitnessKeyId'))];
    rootKey = ed25519Key(origin, root);
    keys = [rootKey, cosignerKey(witnessName, witness)];
    vkeys = [formatVerifierKey(origin, root), formatCosignerKey(witnessName, witness)];
    for (const amount of ['1.00', '2.00', '3.00'])
      await clientOf(output('ApiId'), 'bank-feed').publish(credit(account, amount));
    await until('the entry should be published', async () => {
      await invoke('log-publisher');
      return get(`proof?entity=${account}&seq=2`).catch(() => undefined);
    });
  });

  async function checkpoint(): Promise<OpenedCheckpoint & { readonly note: Uint8Array }> {
    const note = (await get('checkpoint')) ?? new Uint8Array();
    const opened = openCheckpoint(note, keys, origin);
    if (opened.kind !== 'opened') throw new Error(opened.reason);
    return { ...opened, note };
  }

  it('is signed by the root key and cosigned by the witness, and anybody can check all of it', async () => {
    const { checkpoint: newest, signatures } = await checkpoint();
    expect(signatures.map(({ key }) => key.name).sort()).toEqual([origin, witnessName]);
    const report = await fsckLog({ read: get, verifierKeys: vkeys });
    expect(report).toMatchObject({ verdict: 'OK' });
    expect(report.size).toBeGreaterThanOrEqual(newest.size);
  });

  it('proves an entry to somebody who has nothing but the public key', async () => {
    const proof = (await get(`proof?entity=${account}&seq=1`)) ?? new Uint8Array();
    const checked = checkProof(proof, [rootKey], origin);
    if (checked.verdict !== 'OK') throw new Error(checked.detail);
    expect(Buffer.from(checked.entry).toString()).toContain(account);
    const parsed = parseProof(proof);
    if ('malformed' in parsed) throw new Error(parsed.malformed);
    const entry = Buffer.from(Buffer.from(parsed.entry).toString().replace('2.00', '9.00'));
    expect(checkProof(formatProof({ ...parsed, entry }), [rootKey], origin).verdict).toBe('CONTENT_MISMATCH');
  });

  it('is anchored: the same tree under a name of its own, in one version', async () => {
    const { checkpoint: newest } = await checkpoint();
    const Bucket = output('AnchorBucketName');
    const Key = `ckpt/${String(newest.size).padStart(20, '0')}`;
    const { Versions = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket, Prefix: Key }));
    expect(Versions).toHaveLength(1);
    const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
    const opened = openCheckpoint((await Body?.transformToByteArray()) ?? new Uint8Array(), [rootKey], origin);
    expect(opened).toMatchObject({ kind: 'opened', checkpoint: newest });
  });

  it('is what the verify function holds the tables against', async () => {
    const report = await invoke('verify', { mode: 'full' });
    expect(report).toMatchObject({ verdict: 'OK' });
    const kinds = (report as { against: { kind: string }[] }).against.map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(new Set(['published', 'cosignature', 'witness-memory', 'anchor']));
    expect(await invoke('verify', { mode: 'entity', entity: account })).toMatchObject({ verdict: 'OK', entries: 3 });
  });

  it('a checkpoint that was put back is found, and the anchored one published again', async () => {
    const { note: newest, checkpoint: signed } = await checkpoint();
    await clientOf(output('ApiId'), 'bank-feed').publish(credit(account, '4.00'));
    await until('the log should have grown', async () => {
      const { size } = (await invoke('log-publisher')) as { size: number };
      return size > signed.size ? size : undefined;
    });
    await until('the older checkpoint should be found', async () => {
      await s3.send(new PutObjectCommand({ Bucket: output('LogBucketName'), Key: 'checkpoint', Body: newest }));
      const { verdict } = (await invoke('verify', { mode: 'full' })) as { verdict: string };
      return verdict === 'ROLLED_BACK' ? verdict : undefined; // unless the schedule has just restored it
    });
    await invoke('log-publisher');
    expect((await checkpoint()).checkpoint.size).toBeGreaterThan(signed.size);
    expect(await invoke('verify', { mode: 'full' })).toMatchObject({ verdict: 'OK' });
  });

  describe('the witness', () => {
    const ask = (body: Uint8Array): Promise<unknown> =>
      invoke('witness', { kind: 'add-checkpoint', body: Buffer.from(body).toString('base64') });

    it('refuses what it does not understand, what is not signed by the log, and other logs', async () => {
      expect(await invoke('witness', { kind: 'sign', body: 'AAAA' })).toMatchObject({ status: 400 });
      expect(await ask(Buffer.from('nonsense'))).toMatchObject({ status: 400 });
      const stranger = memoryRootSigner(origin);
      const text = formatCheckpoint({ origin, size: 1_000_000, root: Buffer.alloc(32) });
      const note = await signNote(text, [stranger]);
      expect(await ask(addCheckpointBody({ oldSize: 0, proof: [], note }))).toMatchObject({ status: 403 });
      const other = await signNote(formatCheckpoint({ origin: 'other.example/log', size: 0, root: Buffer.alloc(32) }), [
        memoryRootSigner('other.example/log'),
      ]);
      expect(await ask(addCheckpointBody({ oldSize: 0, proof: [], note: other }))).toMatchObject({ status: 404 });
    });

    it('says where it stands to whoever is wrong about that, and cosigns no proof that is wrong', async () => {
      const { note, checkpoint: newest } = await checkpoint();
      const stands = { status: 409, body: `${newest.size}\n` };
      expect(await ask(addCheckpointBody({ oldSize: 0, proof: [], note }))).toMatchObject(stands);
      const proof = [Buffer.alloc(32)];
      expect(await ask(addCheckpointBody({ oldSize: newest.size, proof, note }))).toMatchObject({ status: 422 });
      expect(await ask(addCheckpointBody({ oldSize: newest.size, proof: [], note }))).toMatchObject({ status: 200 });
    });
  });
});
