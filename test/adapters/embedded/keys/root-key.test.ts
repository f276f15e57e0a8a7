import { generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openRootKey, readRootPublicKey } from '../../../../adapters/embedded/keys/root-key.ts';
import {
  isSignedBy,
  noteKeyId,
  noteVerifier,
  parseNote,
  sealText,
  signatureLine,
} from '../../../../core/ledger/index.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'nervous-key-'))));
afterEach(() => rmSync(folder, { recursive: true }));
const invalid = expect.objectContaining({ code: 'KEY_FILE_INVALID' }) as Error;

it('makes a key once, for its owner only, and signs with the same one ever after', async () => {
  const first = openRootKey(folder, 'origin');
  const second = openRootKey(folder, 'origin');
  expect(Buffer.from(first.publicKey).equals(second.publicKey)).toBe(true);
  expect(statSync(join(folder, 'root.key')).mode & 0o777).toBe(0o600);
  expect(existsSync(join(folder, 'root.key.new'))).toBe(false);
  const { name, publicKey } = readRootPublicKey(folder);
  const text = Buffer.from('text\n');
  const line = signatureLine(name, noteKeyId(name, publicKey), await second.sign(text));
  const note = parseNote(sealText(text, line).note);
  expect('malformed' in note || isSignedBy(note, noteVerifier('origin', publicKey))).toBe(true);
});

it.each<[string, () => string | Buffer]>([
  ['empty', () => ''],
  ['damaged', () => '-----BEGIN PRIVATE KEY-----\nMC4CAQ\n-----END PRIVATE KEY-----\n'],
  [
    'of another kind',
    () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'pem', type: 'pkcs8' }),
  ],
  ['of another ledger', () => generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' })],
])('refuses a private key that is %s', (_, content) => {
  openRootKey(folder, 'origin');
  writeFileSync(join(folder, 'root.key'), content());
  expect(() => openRootKey(folder, 'origin')).toThrow(invalid);
});

it('refuses another name and a public key that is missing or damaged', () => {
  expect(() => readRootPublicKey(folder)).toThrow(invalid);
  openRootKey(folder, 'origin');
  expect(() => openRootKey(folder, 'other')).toThrow(invalid);
  writeFileSync(join(folder, 'root.vkey'), 'origin+00000000+AAAA\n');
  expect(() => readRootPublicKey(folder)).toThrow(invalid);
});

it('V11: a folder in the place of the public key is no exception without a code', () => {
  mkdirSync(join(folder, 'root.vkey'), { recursive: true });
  expect(() => readRootPublicKey(folder)).toThrow(invalid);
});

it('does not make another key when the private one is gone', () => {
  openRootKey(folder, 'origin');
  rmSync(join(folder, 'root.key'));
  expect(() => openRootKey(folder, 'origin')).toThrow(invalid);
  expect(existsSync(join(folder, 'root.key'))).toBe(false);
});
