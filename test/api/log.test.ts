import { beforeEach, describe, expect, it } from 'vitest';
import { FakeClock, memoryRootSigner } from '../../adapters/memory/index.ts';
import {
  checkProof,
  createLogPublisher,
  ed25519Key,
  formatVerifierKey,
  fsckLog,
  openCheckpoint,
  type RootSigner,
} from '../../core/ledger/index.ts';
import { call, refusalOf } from './call.ts';
import { createTestSystem, type TestSystem } from './test-system.ts';

let fixture: TestSystem;
let root: RootSigner;
const event = { topic: 'transactions.new', entityId: 'account:1', payload: { amount: '1.00' } };

async function publishLog(): Promise<void> {
  await createLogPublisher({
    origin: fixture.system.config.origin,
    entries: fixture.store,
    files: fixture.log.logFiles,
    anchors: fixture.log.anchors,
    witnesses: [],
    rootSigner: root,
    clock: new FakeClock(),
  }).publish();
}

beforeEach(async () => {
  fixture = await createTestSystem();
  root = memoryRootSigner(fixture.system.config.origin);
  for (let i = 0; i < 3; i += 1)
    expect((await call(fixture, 'POST /v1/events', { as: 'ledgerist', body: event })).status).toBe(201);
});

describe('the published log', () => {
  it('is whole for an auditor with tools of his own', async () => {
    await publishLog();
    const read = async (path: string): Promise<Uint8Array | undefined> => {
      const { status, json } = await call<Uint8Array>(fixture, `GET /v1/${path}`, { as: 'aud' });
      return status === 200 ? json : undefined;
    };
    const vkey = formatVerifierKey(root.name, root.publicKey);
    expect(await fsckLog({ read, verifierKeys: [vkey] })).toMatchObject({
      verdict: 'OK',
      size: await fixture.store.size(),
    });
  });

  it('proves an entry to whoever may read it, offline', async () => {
    await publishLog();
    const { json } = await call<Uint8Array>(fixture, 'GET /v1/proof?entity=account%3A1&seq=2', { as: 'ledgerist' });
    const keys = [ed25519Key(root.name, root.publicKey)];
    const checked = checkProof(json, keys, root.name);
    const [stored] = await fixture.store.read('account:1', 2, 1);
    expect(checked).toMatchObject({ verdict: 'OK', index: stored?.position });
    expect(checked.verdict === 'OK' && Buffer.compare(checked.entry, stored?.note ?? Buffer.of())).toBe(0);
    for (let at = 0; at < json.length; at += 7) {
      const changed = Buffer.from(json);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(checkProof(changed, keys, root.name).verdict, `byte ${at}`).not.toBe('OK');
    }
  });

  it('answers for what is not published yet', async () => {
    expect(refusalOf(await call(fixture, 'GET /v1/checkpoint', { as: 'ledgerist' }))).toBe('404 NOT_PUBLISHED_YET');
    await publishLog();
    await call(fixture, 'POST /v1/events', { as: 'ledgerist', body: event });
    const proof = await call(fixture, 'GET /v1/proof?entity=account%3A1&seq=3', { as: 'ledgerist' });
    expect(refusalOf(proof)).toBe('404 NOT_PUBLISHED_YET');
  });

  it.each([
    ['tile/entries/000.p/4', 'ledgerist', '403 FORBIDDEN'],
    ['tile/0/007', 'ledgerist', '404 TILE_NOT_FOUND'],
    ['tile/0/..%2F..%2Fcheckpoint', 'aud', '400 REQUEST_INVALID'],
    ['tile/0', 'aud', '400 REQUEST_INVALID'],
    ['tile/', 'aud', '404 ROUTE_NOT_FOUND'],
    ['proof?entity=account%3A2&seq=0', 'aud', '404 ENTITY_NOT_FOUND'],
    ['proof?entity=account%3A1&seq=9', 'aud', '404 ENTITY_NOT_FOUND'],
    ['proof?entity=account%3A1&seq=0', 'outsider', '403 FORBIDDEN'],
    ['proof?seq=0', 'aud', '400 REQUEST_INVALID'],
  ])('refuses %s to %s with %s', async (path, as, refusal) => {
    await publishLog();
    expect(refusalOf(await call(fixture, `GET /v1/${path}`, { as }))).toBe(refusal);
  });

  it('is read as text where it is text, and as bytes where it is bytes', async () => {
    await publishLog();
    const checkpoint = await call<Uint8Array>(fixture, 'GET /v1/checkpoint', { as: 'ledgerist' });
    expect(checkpoint.headers['content-type']).toMatch(/^text\/plain/);
    expect(openCheckpoint(checkpoint.json, [ed25519Key(root.name, root.publicKey)]).kind).toBe('opened');
    const tile = await call<Uint8Array>(fixture, 'GET /v1/tile/0/000.p/4', { as: 'ledgerist' });
    expect([tile.headers['content-type'], tile.json.length]).toEqual(['application/octet-stream', 4 * 32]);
  });
});
