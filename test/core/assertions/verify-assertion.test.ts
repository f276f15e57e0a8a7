/** Assertions: what counts, what each change of one leads to, and that an independent verifier says the same of all of them. */
import { randomBytes } from 'node:crypto';
import { verifyAuthenticationResponse } from '@simplewebauthn/server';
import { describe, expect, it } from 'vitest';
import { assertionProblem, type Assertion, type Credential, type Signers } from '../../../core/assertions/index.ts';
import type { PersonId } from '../../../core/brands/index.ts';
import {
  MODEL,
  PAGE,
  passkeyOf,
  plainKeyOf,
  RP_ID,
  WEBAUTHN,
  type Parts,
  type SoftKey,
} from '../../support/authenticator.ts';
import { checked } from '../../support/checked.ts';

type Passkey = Exclude<Assertion, { kind: 'key' }>;

const ANN = checked<PersonId>('ann');
const challenge = 'ab'.repeat(32);
const es256 = passkeyOf('ann');
const ed25519 = passkeyOf('ann', { algorithm: 'Ed25519' });
const synced = passkeyOf('ann', { backupEligible: true });
const plain = plainKeyOf('ann');
const keys = { es256, ed25519, synced, plain };
const signers: Signers = { webauthn: WEBAUTHN, credentials: Object.values(keys).map(({ credential }) => credential) };

interface Asked {
  readonly personId?: PersonId;
  readonly demand?: 'signed' | 'device-bound';
  readonly signers?: Signers;
}

const problemOf = (assertion: Assertion | undefined, asked: Asked = {}): string | undefined => {
  const found = assertionProblem(assertion, { challenge, personId: ANN, demand: 'signed', signers, ...asked });
  return found && `${found.code}: ${found.message}`;
};
const made = (key: SoftKey, parts?: Parts): Passkey => key.assert(challenge, parts) as Passkey;

describe('what counts', () => {
  it('is an assertion by each kind of enrolled key', () => {
    expect(problemOf(es256.assert(challenge))).toBeUndefined();
    expect(problemOf(ed25519.assert(challenge))).toBeUndefined();
    expect(problemOf(plain.assert(challenge))).toBeUndefined();
    expect(problemOf(made(synced, { flags: 0x1d }))).toBeUndefined();
    expect(problemOf(made(es256, { flags: 0x85, rest: Buffer.from([0xa0]) }))).toBeUndefined();
    expect(problemOf(made(es256, { clientData: { crossOrigin: undefined, other: [1] } }))).toBeUndefined();
  });

  it('is asked for', () => {
    expect(problemOf(undefined)).toContain('ASSERTION_REQUIRED: ann must sign');
  });
});

describe('what is bound to a device', () => {
  const bound = (key: SoftKey, parts: Parts = {}, models: readonly string[] | 'none' = [MODEL]): string | undefined => {
    const { aaguids: _, ...webauthn } = WEBAUTHN;
    const listed = models === 'none' ? webauthn : { ...webauthn, aaguids: [...models] };
    return problemOf(made(key, parts), { demand: 'device-bound', signers: { ...signers, webauthn: listed } });
  };

  it('is a passkey of a listed model that is on no other device', () => {
    expect(bound(es256)).toBeUndefined();
    expect(bound(es256, {}, [])).toContain('not bound to a device');
    expect(bound(es256, {}, 'none')).toContain('not bound to a device');
    expect(bound(synced, { flags: 0x0d })).toContain('not bound to a device');
    expect(bound(plain)).toContain('not bound to a device');
    const { aaguid: _, ...nameless } = es256.credential as Extract<Credential, { kind: 'passkey' }>;
    expect(
      problemOf(made(es256), { demand: 'device-bound', signers: { ...signers, credentials: [nameless] } }),
    ).toContain('not bound to a device');
  });
});

const WRONG: readonly (readonly [string, Parts, string])[] = [
  ['another type', { clientData: { type: 'webauthn.create' } }, 'not of an assertion'],
  ['another challenge', { clientData: { challenge: 'AAAA' } }, 'made over another decision'],
  ['a challenge that is no text', { clientData: { challenge: 7 } }, 'made over another decision'],
  ['another page', { clientData: { origin: 'https://evil.example' } }, 'origin is not one'],
  ['no page', { clientData: { origin: undefined } }, 'origin is not one'],
  ['a page inside another', { clientData: { crossOrigin: true } }, 'inside a page'],
  ['a page that may be inside another', { clientData: { crossOrigin: null } }, 'inside a page'],
  ['another domain', { rpId: 'evil.example' }, 'not for "nervous.example"'],
  ['nobody present', { flags: 0x04 }, 'flag UP'],
  ['nobody verified', { flags: 0x01 }, 'flag UV'],
  ['a key that became one for several devices', { flags: 0x0d }, 'flag BE'],
  ['a copy of a key that has none', { flags: 0x15 }, 'flag BS'],
  ['a credential in it', { flags: 0x45, rest: Buffer.alloc(60) }, 'more than an assertion'],
  ['bytes behind it', { rest: Buffer.from([1]) }, 'more than an assertion'],
];

/** Refused by us and not by every verifier: what depends on how the key was enrolled, or on what page may hold it. */
const OURS_ALONE = new Set([
  'a page inside another',
  'a page that may be inside another',
  'a key that became one for several devices',
  'a copy of a key that has none',
  'a credential in it',
]);

describe.each(['es256', 'ed25519'] as const)('by %s', (name) => {
  const key = keys[name];

  it.each(WRONG)('%s does not count', (_what, parts, why) => {
    expect(problemOf(made(key, parts))).toContain(`ASSERTION_INVALID: the assertion does not count: `);
    expect(problemOf(made(key, parts))).toContain(why);
  });

  it('counts for nobody else, and for no other key', () => {
    const assertion = made(key);
    expect(problemOf(assertion, { personId: checked<PersonId>('bob') })).toContain('has enrolled no key');
    expect(problemOf(assertion, { signers: { webauthn: WEBAUTHN } })).toContain('has enrolled no key');
    expect(problemOf({ ...assertion, credentialId: 'AAAA' })).toContain('has enrolled no key');
    const other = name === 'es256' ? ed25519 : es256;
    expect(problemOf({ ...assertion, credentialId: other.credential.id })).toContain('not of the enrolled key');
    expect(problemOf({ ...assertion, credentialId: plain.credential.id })).toContain('no passkey');
    expect(problemOf({ kind: 'key', keyId: key.credential.id, signature: assertion.signature })).toContain('a passkey');
    expect(problemOf(assertion, { signers: { credentials: signers.credentials ?? [] } })).toContain('no passkey');
  });

  it('has the same verdict from @simplewebauthn/server, as it is and with one byte changed', async () => {
    expect(await judged(key, made(key))).toBe(true);
    for (const [what, parts] of WRONG.filter(([what]) => !OURS_ALONE.has(what)))
      expect([what, await judged(key, made(key, parts))]).toEqual([what, false]);
    let refused = 0;
    for (const field of ['authenticatorData', 'clientDataJSON', 'signature'] as const)
      for (let i = 0; i < 60; i += 1) {
        const assertion = made(key);
        const bytes = Buffer.from(assertion[field], 'base64url');
        const at = Math.floor((i / 60) * bytes.length);
        bytes[at] = (bytes[at] ?? 0) ^ (1 << (i % 8));
        const changed = { ...assertion, [field]: bytes.toString('base64url') };
        const ours = problemOf(changed) === undefined;
        // It does not look at the length that DER says a signature has; we want just one form of each.
        const isFrame = name === 'es256' && field === 'signature' && at < 2;
        if (!isFrame) expect([field, at, i % 8, ours]).toEqual([field, at, i % 8, await judged(key, changed)]);
        if (!ours) refused += 1;
      }
    expect(refused).toBe(180);
  });

  it('answers whatever the bytes are', () => {
    const whole = made(key);
    for (const field of ['authenticatorData', 'clientDataJSON', 'signature', 'credentialId'] as const)
      for (const value of ['', '=', '*', 'AA==', 'A', 'AB', 'é', '\u0000', randomBytes(3000).toString('base64url')])
        expect(problemOf({ ...whole, [field]: value })).toContain('ASSERTION_INVALID');
    for (const text of ['null', '[]', '7', '{', '"x"', '{"type":"webauthn.get"}', '['.repeat(1_500)])
      expect(problemOf({ ...whole, clientDataJSON: Buffer.from(text).toString('base64url') })).toContain(
        'ASSERTION_INVALID',
      );
    const notText = Buffer.concat([Buffer.from('{"x":"'), Buffer.from([0xff]), Buffer.from('"}')]).toString(
      'base64url',
    );
    expect(problemOf({ ...whole, clientDataJSON: notText })).toContain('no JSON object in UTF-8');
  });

  it('answers whatever key was enrolled', () => {
    const { credential } = key;
    const cose = Buffer.from(credential.publicKey, 'base64url');
    for (let i = 0; i < cose.length; i += 1) {
      const other = Buffer.from(cose);
      other[i] = (other[i] ?? 0) ^ 1;
      const credentials = [{ ...credential, publicKey: other.toString('base64url') }];
      expect(problemOf(made(key), { signers: { webauthn: WEBAUTHN, credentials } })).toContain(
        'not of the enrolled key',
      );
    }
    for (const publicKey of ['', 'A', cose.subarray(1).toString('base64url'), `${credential.publicKey}AA`])
      expect(
        problemOf(made(key), { signers: { webauthn: WEBAUTHN, credentials: [{ ...credential, publicKey }] } }),
      ).toContain('not of the enrolled key');
  });
});

describe('by a plain key', () => {
  it('counts over this challenge alone', () => {
    expect(problemOf(plain.assert('cd'.repeat(32)))).toContain('not of the enrolled key');
    const assertion = plain.assert(challenge) as Extract<Assertion, { kind: 'key' }>;
    for (const signature of ['', '=', 'AAAA', `${assertion.signature}AA`, es256.assert(challenge).signature])
      expect(problemOf({ ...assertion, signature })).toContain('ASSERTION_INVALID');
  });
});

/** false where it throws: for ES256 it throws at a bad signature, for Ed25519 it answers. */
async function judged({ credential }: SoftKey, { credentialId, ...response }: Passkey): Promise<boolean> {
  try {
    const { verified } = await verifyAuthenticationResponse({
      response: { id: credentialId, rawId: credentialId, type: 'public-key', clientExtensionResults: {}, response },
      expectedChallenge: Buffer.from(challenge, 'hex').toString('base64url'),
      expectedOrigin: PAGE,
      expectedRPID: RP_ID,
      requireUserVerification: true,
      credential: { id: credential.id, publicKey: Buffer.from(credential.publicKey, 'base64url'), counter: 0 },
    });
    return verified;
  } catch {
    return false;
  }
}
