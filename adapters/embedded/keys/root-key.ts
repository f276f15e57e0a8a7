/**
 * The ledger's root key in a file: an Ed25519 private key (PKCS #8 PEM, mode 600), made at first start. Its public half is
 * written beside it as a C2SP verifier key, which is all an auditor needs.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  formatVerifierKey,
  LedgerError,
  parseEntry,
  parseVerifierKey,
  ROOT_CHAIN,
  rotationOf,
  type RootSigner,
  type Rotation,
} from '../../../core/ledger/index.ts';
import { must } from '../../../core/errors/index.ts';
import { syncFolder, writeDurably } from '../machine/durable-file.ts';
import { countingSigner, writeCountFile } from './root-counter.ts';
import { RECORDED_END } from '../store/rows-outside.ts';
import { hasLedger, openForReading } from '../store/sqlite-schema.ts';

const PRIVATE_FILE = 'root.key';
const PUBLIC_FILE = 'root.vkey';
/** The private key that takes over, from before the ledger says so until it has the place of the old one. */
const NEXT_FILE = 'root.next.key';
/** Public halves of the keys that went, one file each. */
const FORMER_FOLDER = 'root.former';
const RAW_KEY_BYTES = 32;

/** @param name the ledger's origin: the key's name in signatures. @throws LedgerError KEY_FILE_INVALID */
export function openRootKey(dataDir: string, name: string): RootSigner {
  const last = finishRotation(dataDir, name);
  const signer = readRootKey(dataDir, name);
  if (last !== undefined && Buffer.compare(last.to, signer.publicKey) !== 0) {
    throw new LedgerError({
      code: 'KEY_FILE_INVALID',
      message: `${PRIVATE_FILE} in "${dataDir}" is not the newest root key of the ledger (${formatVerifierKey(name, last.to)}): restore that one`,
    });
  }
  return signer;
}

function readRootKey(dataDir: string, name: string): RootSigner {
  const path = join(dataDir, PRIVATE_FILE);
  const publicPath = join(dataDir, PUBLIC_FILE);
  if (!existsSync(path)) {
    if (existsSync(publicPath)) {
      throw new LedgerError({
        code: 'KEY_FILE_INVALID',
        message: `"${path}" is missing, but the ledger was signed with it: restore it, a new key would not match`,
      });
    }
    writeCountFile(dataDir);
    makePrivateKey(path);
  }
  const signer = countingSigner(dataDir, signerOf(path, name));
  const { publicKey } = signer;
  const verifierKey = `${formatVerifierKey(name, publicKey)}\n`;
  if (!existsSync(publicPath)) writeDurably(publicPath, verifierKey, 0o644);
  if (readFileSync(publicPath, 'utf8') !== verifierKey) {
    throw new LedgerError({
      code: 'KEY_FILE_INVALID',
      message: `${PUBLIC_FILE} and ${PRIVATE_FILE} in "${dataDir}" are not the two halves of one key, or name another origin: restore both`,
    });
  }
  return signer;
}

/** A key that may take over. It is durable on return, and nothing else knows it yet: dying here leaves a key of no use. */
export function openNextRootKey(dataDir: string, name: string): RootSigner {
  const path = join(dataDir, NEXT_FILE);
  makePrivateKey(path);
  return countingSigner(dataDir, signerOf(path, name));
}

/**
 * The ledger says that the next key has taken over: it gets the place of the old one, whose public half is kept. Begun again
 * after a crash it ends the same; at any moment the ledger's key is in one of the two files.
 */
export function adoptNextRootKey(dataDir: string, name: string): void {
  const next = join(dataDir, NEXT_FILE);
  const former = formatVerifierKey(name, signerOf(join(dataDir, PRIVATE_FILE), name).publicKey);
  const folder = join(dataDir, FORMER_FOLDER);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeDurably(join(folder, verifierKeyFile(former)), `${former}\n`, 0o644);
  // Dying here: the old key is listed as former and still in place; the ledger names the new one, so this is done again.
  writeDurably(join(dataDir, PUBLIC_FILE), `${formatVerifierKey(name, signerOf(next, name).publicKey)}\n`, 0o644);
  // Dying here: the public half is new, the private one old; done again before the key is used.
  renameSync(next, join(dataDir, PRIVATE_FILE));
  syncFolder(dataDir);
}

/** `<key id>.vkey`: what a published verifier key's file is called. */
export function verifierKeyFile(verifierKey: string): string {
  return `${must(verifierKey.split('+', 2)[1], 'the name of a verifier key')}.vkey`; // base64 has plus signs, names have none
}

/** Takes up a rotation that was interrupted. @returns the last one that the ledger has */
function finishRotation(dataDir: string, name: string): Pick<Rotation, 'from' | 'to'> | undefined {
  if (!hasLedger(dataDir)) return undefined;
  const last = lastRotation(dataDir);
  const next = join(dataDir, NEXT_FILE);
  if (last === undefined || !existsSync(next) || !existsSync(join(dataDir, PRIVATE_FILE))) return last;
  // A next key that the ledger does not name never took over.
  if (Buffer.compare(last.to, signerOf(next, name).publicKey) === 0) adoptNextRootKey(dataDir, name);
  return last;
}

/** What the ledger says; whether it is true is for verification. */
function lastRotation(dataDir: string): Pick<Rotation, 'from' | 'to'> | undefined {
  const db = openForReading(dataDir);
  try {
    const newest = `SELECT note FROM entries WHERE chain = ? AND position < ${RECORDED_END} AND position >= 0`;
    const row = db.prepare(`${newest} ORDER BY seq DESC LIMIT 1`).get(ROOT_CHAIN);
    const parsed = row?.['note'] instanceof Uint8Array ? parseEntry(row['note']) : undefined;
    return parsed?.kind === 'entry' ? rotationOf(parsed.body) : undefined;
  } finally {
    db.close();
  }
}

function makePrivateKey(path: string): void {
  const { privateKey } = generateKeyPairSync('ed25519');
  writeDurably(path, privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, 0o600);
}

function signerOf(path: string, name: string): RootSigner {
  const privateKey = readPrivateKey(path);
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-RAW_KEY_BYTES);
  return { name, publicKey, sign: async (text) => sign(null, text, privateKey) };
}

/** The public root key of a data folder. @throws LedgerError KEY_FILE_INVALID */
export function readRootPublicKey(dataDir: string): { readonly name: string; readonly publicKey: Uint8Array } {
  const path = join(dataDir, PUBLIC_FILE);
  const isFile = existsSync(path) && statSync(path).isFile();
  const key = isFile ? parseVerifierKey(readFileSync(path, 'utf8')) : undefined;
  if (key === undefined) {
    throw new LedgerError({
      code: 'KEY_FILE_INVALID',
      message: `"${path}" is missing or not a C2SP verifier key: restore it`,
    });
  }
  return key;
}

function readPrivateKey(path: string): KeyObject {
  try {
    const key = createPrivateKey(readFileSync(path));
    if (key.asymmetricKeyType === 'ed25519') return key;
    throw new Error(`the key's type is ${key.asymmetricKeyType ?? 'unknown'}`);
  } catch (cause) {
    throw new LedgerError({
      code: 'KEY_FILE_INVALID',
      message: `"${path}" is not an Ed25519 private key in PEM: restore it`,
      cause,
    });
  }
}
