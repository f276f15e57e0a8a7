/** A root key in a key service signs no long messages, and still must stand for the whole of a long entry. */
import { hash } from 'node:crypto';
import { expect, it } from 'vitest';
import type { EpochMs, IsoInstant } from '../../../../core/brands/index.ts';
import { CountingIds, MemoryStore, memoryRootSigner } from '../../../../adapters/memory/index.ts';
import {
  certificateDraft,
  createSessionKey,
  entryText,
  EntryVerifier,
  genesisHash,
  noteKeyId,
  prepareEntry,
  sealText,
  signatureLine,
  signText,
  type LoggedEntry,
} from '../../../../core/ledger/index.ts';
import { MAX_ROOT_MESSAGE_BYTES, rootMessage } from '../../../../core/ledger/notes/signed-note.ts';
import { appenderOn, note, ROOT } from '../ledger-fixture.ts';
import { checked } from '../../../support/checked.ts';

const NOW = Date.UTC(2026, 0, 5, 8);
const ORIGIN = ROOT.name;
const key = createSessionKey(new CountingIds().keyPair(), checked<EpochMs>(NOW));
const LONG = 'x'.repeat(10_000);

function sha256Hex(text: Uint8Array): string {
  return hash('sha256', text, 'hex');
}

/** Sealed by the session key, and by the root key over what `message` makes of the text. */
async function decision(said: string, message: (text: Uint8Array) => Uint8Array, signed = said): Promise<LoggedEntry> {
  const textOf = (data: string): Uint8Array => {
    const draft = { type: 'decision', actor: { kind: 'service', id: 's' }, idem: 'd', data: { said: data } } as const;
    const place = { ledger: 'main', entity: 'account:1', at: checked<IsoInstant>(new Date(NOW).toISOString()) };
    return entryText(prepareEntry(place, draft), genesisHash(ORIGIN, 'account:1'), 0);
  };
  const text = textOf(said);
  const root = await ROOT.sign(message(textOf(signed)));
  const lines = signatureLine(key.name, key.keyId, signText(key, text));
  const sealed = sealText(text, lines + signatureLine(ROOT.name, noteKeyId(ROOT.name, ROOT.publicKey), root));
  return { ...sealed, chain: 'account:1', seq: 0, position: 1 };
}

async function certificate(): Promise<LoggedEntry> {
  const place = { ledger: 'main', entity: key.name, at: checked<IsoInstant>(new Date(NOW).toISOString()) };
  const text = entryText(prepareEntry(place, certificateDraft(key)), genesisHash(ORIGIN, key.name), 0);
  const root = signatureLine(ROOT.name, noteKeyId(ROOT.name, ROOT.publicKey), await ROOT.sign(text));
  const sealed = sealText(text, signatureLine(key.name, key.keyId, signText(key, text)) + root);
  return { ...sealed, chain: key.name, seq: 0, position: 0 };
}

async function verdictOf(entry: LoggedEntry): Promise<string> {
  const certified = await certificate();
  const verifier = new EntryVerifier({
    ...{ ledger: 'main', root: ROOT, signatures: true, rootSigned: (type: string) => type === 'decision' },
    certificate: async () => certified,
  });
  const checked = await verifier.check(entry);
  return checked.kind === 'sound' ? 'OK' : checked.finding.verdict;
}

it('gives the root key nothing to sign that a key service refuses', async () => {
  const lengths: number[] = [];
  const rootSigner = memoryRootSigner(ORIGIN);
  const sign = async (message: Uint8Array): Promise<Uint8Array> => {
    lengths.push(message.length);
    return rootSigner.sign(message);
  };
  const store = new MemoryStore();
  const one = note('a', 'one');
  const draft = { ...one.draft, rootSigned: true, data: { said: LONG } };
  await appenderOn(store, { rootSigner: { ...rootSigner, sign } }).append({ entries: [{ ...one, draft }] });
  expect((await store.read('a', 0, 9))[0]?.note.length).toBeGreaterThan(LONG.length);
  expect(lengths.length).toBeGreaterThan(0);
  expect(Math.max(...lengths)).toBeLessThanOrEqual(MAX_ROOT_MESSAGE_BYTES);
});

it('signs a text of 4,096 bytes itself, and the hash of one that is longer', () => {
  const longest = Buffer.alloc(MAX_ROOT_MESSAGE_BYTES, 'a');
  expect(rootMessage(longest)).toBe(longest);
  const longer = Buffer.alloc(MAX_ROOT_MESSAGE_BYTES + 1, 'a');
  const message = Buffer.from(rootMessage(longer)).toString();
  expect(message).toBe(`nervous-system.long-text.v1\n${sha256Hex(longer)}\n`);
});

it('believes the root key of a long text by its hash, and of an older ledger by the text', async () => {
  expect(await verdictOf(await decision(LONG, rootMessage))).toBe('OK');
  expect(await verdictOf(await decision(LONG, (text) => text))).toBe('OK');
});

it('believes a thief of the session key neither way', async () => {
  // The root key's signature of another long text, by its hash and whole.
  expect(await verdictOf(await decision(`${LONG}!`, rootMessage, LONG))).toBe('SIGNATURE_INVALID');
  expect(await verdictOf(await decision(`${LONG}!`, (text) => text, LONG))).toBe('SIGNATURE_INVALID');
});

it('takes the hash for a long text only', async () => {
  const hashed = (text: Uint8Array): Uint8Array => Buffer.from(`nervous-system.long-text.v1\n${sha256Hex(text)}\n`);
  expect(await verdictOf(await decision(LONG, hashed))).toBe('OK');
  expect(await verdictOf(await decision('short', hashed))).toBe('SIGNATURE_INVALID');
});
