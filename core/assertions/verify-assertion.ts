/**
 * Did this person's enrolled key sign this challenge? Everything is recomputed from bytes (WebAuthn Level 3, §7.2), so the same
 * answer comes out when a decision is made and whenever somebody verifies it later. Counters are not looked at: those of synced
 * passkeys stand at 0, so they would refuse honest people and stop no thief.
 */
import { hash } from 'node:crypto';
import type { PersonId } from '../brands/index.ts';
import { isObject } from '../values/index.ts';
import type { Assertion, AssertionDemand } from './assertion.ts';
import { decodeBase64url } from './base64url.ts';
import { isFitFor, type Credential, type Signers } from './credential.ts';
import { parsePublicKey } from './public-key.ts';

const KEY_TAG = 'nervous-system.assertion.key.v1';

const RP_ID_HASH = 32;
/** with one byte of flags and a counter */
const AUTHENTICATOR_DATA = 37;
const USER_PRESENT = 1 << 0;
const USER_VERIFIED = 1 << 2;
const BACKUP_ELIGIBLE = 1 << 3;
const BACKED_UP = 1 << 4;
const ATTESTED_CREDENTIAL = 1 << 6;
const EXTENSIONS = 1 << 7;

export interface AssertionProblem {
  readonly code: 'ASSERTION_REQUIRED' | 'ASSERTION_INVALID';
  readonly message: string;
}

export interface Expected {
  /** hex, of 32 bytes */
  readonly challenge: string;
  /** who decides */
  readonly personId: PersonId;
  readonly demand: AssertionDemand;
  /** of the policy in force */
  readonly signers: Signers;
}

/** undefined: it is what the demand asks for. Never throws, whatever the bytes are. */
export function assertionProblem(assertion: Assertion | undefined, expected: Expected): AssertionProblem | undefined {
  const { personId, demand, signers } = expected;
  if (assertion === undefined)
    return {
      code: 'ASSERTION_REQUIRED',
      message: `${personId} must sign this decision with an enrolled key (${demand}): send its assertion`,
    };
  const isKey = 'kind' in assertion;
  const id = isKey ? assertion.keyId : assertion.credentialId;
  const credential = signers.credentials?.find((one) => one.id === id && one.personId === personId);
  if (credential === undefined)
    return invalid(`${personId} has enrolled no key "${id.slice(0, 32)}" in the policy in force`);
  if (!isFitFor(credential, demand, signers))
    return invalid(`the key "${id.slice(0, 32)}" is not bound to a device of a listed model, as the rules ask`);
  const message = isKey ? keyProblem(assertion, credential, expected) : passkeyProblem(assertion, credential, expected);
  return message === undefined ? undefined : invalid(message);
}

/** What an enrolled key without an authenticator signs. */
export function keyAssertionBytes(challenge: string): Buffer {
  return Buffer.from(`${KEY_TAG}\n${challenge}\n`);
}

function keyProblem(
  { signature }: Extract<Assertion, { kind: 'key' }>,
  credential: Credential,
  { challenge }: Expected,
): string | undefined {
  if (credential.kind !== 'key') return 'it is the signature of a plain key, but the enrolled one is a passkey';
  return signatureProblem(credential, keyAssertionBytes(challenge), signature);
}

function passkeyProblem(
  assertion: Exclude<Assertion, { kind: 'key' }>,
  credential: Credential,
  { challenge, signers: { webauthn } }: Expected,
): string | undefined {
  if (credential.kind !== 'passkey' || webauthn === undefined) return 'the enrolled key is no passkey';
  const clientData = decodeBase64url(assertion.clientDataJSON);
  const authenticatorData = decodeBase64url(assertion.authenticatorData);
  if (clientData === undefined || authenticatorData === undefined) return 'it is not base64url without padding';
  return (
    clientDataProblem(clientData, { challenge, origins: webauthn.origins }) ??
    authenticatorProblem(authenticatorData, credential, webauthn.rpId) ??
    signatureProblem(
      credential,
      Buffer.concat([authenticatorData, hash('sha256', clientData, 'buffer')]),
      assertion.signature,
    )
  );
}

function clientDataProblem(
  bytes: Uint8Array,
  { challenge, origins }: { readonly challenge: string; readonly origins: readonly string[] },
): string | undefined {
  const data = readJson(bytes);
  if (!isObject(data)) return 'its client data is no JSON object in UTF-8';
  const { type, challenge: signed, origin, crossOrigin } = data;
  if (type !== 'webauthn.get') return 'its client data is not of an assertion (webauthn.get)';
  const wanted = Buffer.from(challenge, 'hex').toString('base64url');
  if (signed !== wanted) return `it was made over another decision: its challenge must be ${wanted}`;
  if (typeof origin !== 'string' || !origins.includes(origin)) return 'its origin is not one of webauthn.origins';
  return crossOrigin === undefined || crossOrigin === false ? undefined : 'it was made inside a page of another origin';
}

function authenticatorProblem(
  data: Buffer,
  { backupEligible }: Extract<Credential, { kind: 'passkey' }>,
  rpId: string,
): string | undefined {
  if (data.length < AUTHENTICATOR_DATA) return 'its authenticator data is too short';
  if (!data.subarray(0, RP_ID_HASH).equals(hash('sha256', rpId, 'buffer'))) return `it is not for "${rpId}"`;
  const flags = data.readUInt8(RP_ID_HASH);
  const has = (flag: number): boolean => (flags & flag) !== 0;
  if (!has(USER_PRESENT)) return 'nobody was present (flag UP)';
  if (!has(USER_VERIFIED)) return 'the authenticator did not verify who was there (flag UV)';
  if (has(BACKUP_ELIGIBLE) !== backupEligible) return 'the key is not of the kind that was enrolled (flag BE)';
  if (has(BACKED_UP) && !backupEligible) return 'a key that cannot be backed up says that it is (flag BS)';
  const isPlain = !has(ATTESTED_CREDENTIAL) && (has(EXTENSIONS) || data.length === AUTHENTICATOR_DATA);
  return isPlain ? undefined : 'its authenticator data has more than an assertion has';
}

function signatureProblem({ publicKey }: Credential, message: Uint8Array, signature: string): string | undefined {
  const key = parsePublicKey(publicKey);
  const bytes = decodeBase64url(signature);
  return key !== undefined && bytes !== undefined && key.isSigned(message, bytes)
    ? undefined
    : 'its signature is not of the enrolled key';
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

function invalid(message: string): AssertionProblem {
  return { code: 'ASSERTION_INVALID', message: `the assertion does not count: ${message}` };
}
