import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { EpochMs, IsoInstant } from '../../core/brands/index.ts';
import { verifyTable } from '../../adapters/aws/verify/verify-table.ts';
import { createSequencer } from '../../adapters/aws/dynamo/sequencer.ts';
import { openForWriting } from '../../adapters/embedded/store/sqlite-schema.ts';
import { SqliteStore } from '../../adapters/embedded/store/sqlite-store.ts';
import { verifyDataDir } from '../../adapters/embedded/audit/verify-data-dir.ts';
import { memoryRootSigner } from '../../adapters/memory/index.ts';
import { toHex } from '../../core/canonical/index.ts';
import {
  certificateDraft,
  createSessionKey,
  entryText,
  genesisHash,
  noteKeyId,
  prepareEntry,
  recordRotation,
  sealText,
  signatureLine,
  signText,
  type EntryDraft,
  type EntryStore,
  type RootSigner,
  type SessionKey,
  type VerificationReport,
} from '../../core/ledger/index.ts';
import { fakeStore } from '../adapters/aws/fake-store.ts';
import { appenderOn, note, ORIGIN, ROOT } from '../core/ledger/ledger-fixture.ts';
import { checked } from '../support/checked.ts';

const NEXT_ROOT = memoryRootSigner(ORIGIN);
const ACCOUNT = 'account:1';
const HOUR_MS = 3_600_000;
const TEN_YEARS_MS = 10 * 365 * 24 * HOUR_MS;

interface Ledger {
  readonly store: EntryStore;
  /** Entries get their place in the log in the order of their commits. */
  readonly settle: () => Promise<unknown>;
  verify(root: RootSigner, entity?: string): Promise<VerificationReport>;
}

const folders: string[] = [];
const opened: SqliteStore[] = [];
afterAll(() => {
  for (const store of opened) store.close();
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function embedded(): Ledger {
  const dir = mkdtempSync(join(tmpdir(), 'nervous-lasting-'));
  folders.push(dir);
  const store = new SqliteStore(openForWriting(dir, { ledger: 'main', origin: ORIGIN }));
  opened.push(store);
  return {
    store,
    settle: async () => undefined,
    verify: ({ name, publicKey }, entity) =>
      verifyDataDir(dir, { root: { name, publicKey }, ...(entity === undefined ? {} : { entity }) }),
  };
}

function onAws(): Ledger {
  const { store } = fakeStore();
  return {
    store,
    settle: () => createSequencer({ store }).catchUp(),
    verify: (root, entity) =>
      verifyTable({ store, ledger: 'main', origin: ORIGIN, root, ...(entity === undefined ? {} : { entity }) }),
  };
}

/** A session key whose certificate says how long it lives. */
function sessionKey(lifetimeMs: number): SessionKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const raw = publicKey.export({ format: 'der', type: 'spki' }).subarray(-32);
  const key = createSessionKey({ privateKey, publicKey: raw }, checked<EpochMs>(Date.now()));
  return { ...key, notAfter: checked<EpochMs>(key.notBefore + lifetimeMs) };
}

/** Puts an entry at the end of its chain, signed as its keys sign. */
async function put(
  { store, settle }: Ledger,
  chain: string,
  draft: EntryDraft,
  keys: { readonly session: SessionKey; readonly root?: RootSigner },
): Promise<void> {
  const head = await store.head(chain);
  const [seq, prev] = head === undefined ? [0, genesisHash(ORIGIN, chain)] : [head.seq + 1, toHex(head.hash)];
  const prepared = prepareEntry(
    { ledger: 'main', entity: chain, at: checked<IsoInstant>(new Date().toISOString()) },
    draft,
  );
  const text = entryText(prepared, prev, seq);
  const { session, root } = keys;
  const own = signatureLine(session.name, session.keyId, signText(session, text));
  const roots =
    root === undefined ? '' : signatureLine(root.name, noteKeyId(root.name, root.publicKey), await root.sign(text));
  const idemKey = `${draft.type}/${draft.idem}`;
  const entries = [{ chain, seq, ...sealText(text, own + roots), idemKey }];
  expect(await store.commit([{ entries, writes: [] }])).toMatchObject([{ kind: 'committed' }]);
  await settle();
}

const certify = (ledger: Ledger, session: SessionKey, root: RootSigner): Promise<void> =>
  put(ledger, session.name, certificateDraft(session), { session, root });

const publish = (ledger: Ledger, session: SessionKey): Promise<void> =>
  put(ledger, ACCOUNT, note(ACCOUNT, `by-${session.name}`).draft, { session });

async function rotate({ store, settle }: Ledger): Promise<void> {
  await recordRotation({ alone: appenderOn(store), entries: store }, { from: ROOT, to: NEXT_ROOT, reason: 'test' });
  await settle();
}

describe.each([
  ['embedded', embedded],
  ['on AWS', onAws],
])('a session key that outlives every process (%s)', (_, open) => {
  it('V8: an hour is OK, and stays so after the root key was rotated', async () => {
    const ledger = open();
    const session = sessionKey(HOUR_MS);
    await certify(ledger, session, ROOT);
    await publish(ledger, session);
    expect(await ledger.verify(ROOT)).toMatchObject({ verdict: 'OK', entries: 2 });
    await rotate(ledger);
    for (const root of [ROOT, NEXT_ROOT]) expect(await ledger.verify(root)).toMatchObject({ verdict: 'OK' });
  });

  it.each([
    ['ten years', TEN_YEARS_MS],
    ['an hour and a millisecond', HOUR_MS + 1],
  ])('V8: a certificate of %s is named, and so is what the key signed', async (_name, lifetimeMs) => {
    const ledger = open();
    const session = sessionKey(lifetimeMs);
    await certify(ledger, session, ROOT);
    await publish(ledger, session);
    const named = { verdict: 'UNREADABLE', firstBad: { entity: session.name, seq: 0 } };
    expect(await ledger.verify(ROOT)).toMatchObject(named);
    expect(await ledger.verify(ROOT, ACCOUNT)).toMatchObject({ verdict: 'KEY_UNKNOWN', firstBad: { seq: 0 } });
    await rotate(ledger);
    for (const root of [ROOT, NEXT_ROOT]) {
      expect(await ledger.verify(root)).toMatchObject(named);
      expect(await ledger.verify(root, ACCOUNT)).toMatchObject({ verdict: 'KEY_UNKNOWN', firstBad: { seq: 0 } });
    }
  });

  it('V8: a certificate that the former root key signed after its rotation is named', async () => {
    const ledger = open();
    await rotate(ledger);
    const session = sessionKey(HOUR_MS);
    await certify(ledger, session, ROOT);
    await publish(ledger, session);
    for (const root of [ROOT, NEXT_ROOT]) {
      expect(await ledger.verify(root)).toMatchObject({
        verdict: 'SIGNATURE_INVALID',
        firstBad: { entity: session.name, seq: 0 },
      });
      expect(await ledger.verify(root, ACCOUNT)).toMatchObject({ verdict: 'KEY_UNKNOWN', firstBad: { seq: 0 } });
    }
  });
});
