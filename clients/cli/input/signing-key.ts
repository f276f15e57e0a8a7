/** A person's own key on this machine: made once, enrolled in the policy, and read when a decision is signed. */
import { createPrivateKey, generateKeyPairSync, hash, sign } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import * as z from 'zod';
import { keyAssertionBytes } from '../../../core/assertions/index.ts';
import { must } from '../../../core/errors/index.ts';
import type { DecisionSigner } from '../../sdk/index.ts';
import { UsageError } from '../output/output.ts';

const keyFile = z.strictObject({
  personId: z.string().min(1),
  keyId: z.string().min(1),
  privateKey: z.string().min(1),
});

export const SIGN_WITH = [
  '--sign-with <file>',
  'sign the decision with this key, made by "nervous policy create-key" and enrolled',
] as const;

/** COSE_Key {1: 1 (OKP), 3: -8 (EdDSA), -1: 6 (Ed25519), -2: 32 bytes}, canonical */
const ED25519_COSE = 'a4010103272006215820';
const KEY_ID_BYTES = 16;
const OWNER_ONLY = 0o600;

/** A line of `credentials` in the policy. */
export interface EnrolledKey {
  readonly kind: 'key';
  readonly personId: string;
  readonly id: string;
  /** COSE_Key in base64url */
  readonly publicKey: string;
}

/** Writes the private half to a new file that only its owner reads. @returns the public half, as the policy lists it */
export function createSigningKey(file: string, personId: string): EnrolledKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const point = Buffer.from(must(publicKey.export({ format: 'jwk' }).x, 'the point of a public key'), 'base64url');
  const id = hash('sha256', point, 'buffer').subarray(0, KEY_ID_BYTES).toString('base64url');
  const kept = { personId, keyId: id, privateKey: privateKey.export({ format: 'pem', type: 'pkcs8' }) };
  try {
    writeFileSync(file, `${JSON.stringify(kept, null, 2)}\n`, { mode: OWNER_ONLY, flag: 'wx' });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new UsageError(code === 'EEXIST' ? `"${file}" exists already: a key is never written over` : message);
  }
  const cose = Buffer.concat([Buffer.from(ED25519_COSE, 'hex'), point]);
  return { kind: 'key', personId, id, publicKey: cose.toString('base64url') };
}

/** @throws UsageError: the file holds no such key */
export function readSigningKey(file: string): DecisionSigner {
  const { personId, keyId, privateKey } = parsed(file);
  const key = privateKeyOf(privateKey);
  if (key?.asymmetricKeyType !== 'ed25519') throw noKey(file);
  return {
    personId,
    sign: (challenge) => ({
      kind: 'key',
      keyId,
      signature: sign(null, keyAssertionBytes(challenge), key).toString('base64url'),
    }),
  };
}

function parsed(file: string): z.output<typeof keyFile> {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new UsageError(`cannot read the key: ${(error as Error).message}`);
  }
  try {
    return keyFile.parse(JSON.parse(text));
  } catch {
    throw noKey(file);
  }
}

function privateKeyOf(pem: string): ReturnType<typeof createPrivateKey> | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

function noKey(file: string): UsageError {
  return new UsageError(`"${file}" is no key of a person: make one with "nervous policy create-key"`);
}
