/**
 * The ledger's root key in a file: an Ed25519 private key (PKCS #8 PEM, mode 600), made at first start. Its public half is
 * written beside it as a C2SP verifier key, which is all an auditor needs.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, type KeyObject } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { formatVerifierKey, LedgerError, parseVerifierKey, type RootSigner } from '../../core/ledger/index.ts';
import { writeDurably } from './durable-file.ts';

const PRIVATE_FILE = 'root.key';
const PUBLIC_FILE = 'root.vkey';
const RAW_KEY_BYTES = 32;

/** @param name the ledger's origin: the key's name in signatures. @throws LedgerError KEY_FILE_INVALID */
export function openRootKey(dataDir: string, name: string): RootSigner {
  const path = join(dataDir, PRIVATE_FILE);
  const publicPath = join(dataDir, PUBLIC_FILE);
  if (!existsSync(path)) {
    if (existsSync(publicPath)) {
      throw new LedgerError({
        code: 'KEY_FILE_INVALID',
        message: `"${path}" is missing, but the ledger was signed with it: restore it, a new key would not match`,
      });
    }
    const { privateKey } = generateKeyPairSync('ed25519');
    writeDurably(path, privateKey.export({ format: 'pem', type: 'pkcs8' }) as string, 0o600);
  }
  const privateKey = readPrivateKey(path);
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).subarray(-RAW_KEY_BYTES);
  const verifierKey = `${formatVerifierKey(name, publicKey)}\n`;
  if (!existsSync(publicPath)) writeDurably(publicPath, verifierKey, 0o644);
  if (readFileSync(publicPath, 'utf8') !== verifierKey) {
    throw new LedgerError({
      code: 'KEY_FILE_INVALID',
      message: `${PUBLIC_FILE} and ${PRIVATE_FILE} in "${dataDir}" do not belong together, or name another origin: restore both`,
    });
  }
  return { name, publicKey, sign: async (text) => sign(null, text, privateKey) };
}

/** The public root key of a data folder. @throws LedgerError KEY_FILE_INVALID */
export function readRootPublicKey(dataDir: string): { readonly name: string; readonly publicKey: Uint8Array } {
  const path = join(dataDir, PUBLIC_FILE);
  const key = existsSync(path) ? parseVerifierKey(readFileSync(path, 'utf8')) : undefined;
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
