/** A software authenticator: passkeys of ES256 and Ed25519 and plain keys, with every part of an assertion open to change. */
import { generateKeyPairSync, hash, randomBytes, sign, type KeyObject } from 'node:crypto';
import { keyAssertionBytes, type Assertion, type Credential } from '../../core/assertions/index.ts';
import { checked } from './checked.ts';

export const RP_ID = 'nervous.example';
export const PAGE = 'https://console.nervous.example';
export const MODEL = 'ee882879-721c-4913-9775-3dfcce97072a';
export const WEBAUTHN = { rpId: RP_ID, origins: [PAGE], aaguids: [MODEL] };

export interface Parts {
  readonly clientData?: object;
  /** of the text as it would be */
  readonly clientBytes?: (text: string) => Uint8Array;
  readonly rpId?: string;
  /** default: user present and verified */
  readonly flags?: number;
  /** after the counter */
  readonly rest?: Uint8Array;
}

export interface SoftKey {
  readonly credential: Credential;
  /** @param challenge hex */
  readonly assert: (challenge: string, parts?: Parts) => Assertion;
  /** PKCS #8, DER: for an authenticator that somebody else runs */
  readonly privateKey: Buffer;
}

export function passkeyOf(
  personId: string,
  {
    algorithm = 'ES256',
    ...more
  }: { readonly algorithm?: 'ES256' | 'Ed25519' } & Partial<Extract<Credential, { kind: 'passkey' }>> = {},
): SoftKey {
  const { privateKey, publicKey } =
    algorithm === 'ES256' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  const credential: Credential = {
    ...{ kind: 'passkey', personId: checked(personId), id: randomBytes(16).toString('base64url') },
    ...{ publicKey: coseOf(publicKey), aaguid: MODEL, backupEligible: false },
    ...more,
  };
  return {
    credential,
    assert: (challenge, parts = {}) => passkeyAssertion(privateKey, credential, { challenge, parts }),
    privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }),
  };
}

export function plainKeyOf(personId: string, more: Partial<Extract<Credential, { kind: 'key' }>> = {}): SoftKey {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const id = randomBytes(16).toString('base64url');
  const credential: Credential = {
    ...{ kind: 'key', personId: checked(personId), id, publicKey: coseOf(publicKey) },
    ...more,
  };
  const assert = (challenge: string): Assertion => {
    const signature = sign(null, keyAssertionBytes(challenge), privateKey).toString('base64url');
    return { kind: 'key', keyId: credential.id, signature };
  };
  return { credential, assert, privateKey: privateKey.export({ format: 'der', type: 'pkcs8' }) };
}

export function coseOf(key: KeyObject): string {
  const { kty, x = '', y = '' } = key.export({ format: 'jwk' });
  const [head, between] = kty === 'EC' ? ['a5010203262001215820', '225820'] : ['a4010103272006215820', ''];
  const bytes = [Buffer.from(head, 'hex'), Buffer.from(x, 'base64url'), Buffer.from(between, 'hex')];
  return Buffer.concat([...bytes, Buffer.from(y, 'base64url')]).toString('base64url');
}

function passkeyAssertion(
  key: KeyObject,
  { id }: Credential,
  { challenge, parts }: { readonly challenge: string; readonly parts: Parts },
): Assertion {
  const {
    clientData = {},
    clientBytes = (text: string) => Buffer.from(text),
    rpId = RP_ID,
    flags = 0x05,
    rest = Buffer.alloc(0),
  } = parts;
  const asked = { type: 'webauthn.get', challenge: Buffer.from(challenge, 'hex').toString('base64url'), origin: PAGE };
  const clientDataJSON = Buffer.from(clientBytes(JSON.stringify({ ...asked, crossOrigin: false, ...clientData })));
  const authenticatorData = Buffer.concat([hash('sha256', rpId, 'buffer'), Buffer.from([flags, 0, 0, 0, 0]), rest]);
  const signed = Buffer.concat([authenticatorData, hash('sha256', clientDataJSON, 'buffer')]);
  const signature = sign(key.asymmetricKeyType === 'ec' ? 'sha256' : null, signed, key);
  return {
    credentialId: id,
    ...{
      authenticatorData: authenticatorData.toString('base64url'),
      clientDataJSON: clientDataJSON.toString('base64url'),
    },
    signature: signature.toString('base64url'),
  };
}
