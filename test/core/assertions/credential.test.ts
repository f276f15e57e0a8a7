/** Enrolled keys: the forms that are taken, and what is wrong beyond the form. */
import { describe, expect, it } from 'vitest';
import {
  assertionSchema,
  credentialProblems,
  credentialsSchema,
  stricterDemand,
  webauthnSchema,
  type Credential,
  type Signers,
} from '../../../core/assertions/index.ts';
import { MODEL, passkeyOf, plainKeyOf, WEBAUTHN } from '../../support/authenticator.ts';

const { credential: passkey } = passkeyOf('ann');
const { credential: plain } = plainKeyOf('bob');
const problems = (signers: Signers, people = ['ann', 'bob']): string[] =>
  credentialProblems(signers, people).map(({ path, message }) => `${path.join('/')} ${message}`);
const enrolled = (...credentials: Credential[]): string[] => problems({ webauthn: WEBAUTHN, credentials });

describe('the form', () => {
  it('is of keys and of what they are for', () => {
    expect(credentialsSchema.safeParse([{ ...passkey, transports: ['internal', 'hybrid'] }, plain]).success).toBe(true);
    expect(webauthnSchema.safeParse(WEBAUTHN).success).toBe(true);
    expect(webauthnSchema.safeParse({ rpId: 'localhost', origins: ['http://localhost:8787'] }).success).toBe(true);
  });

  it.each([
    ['another kind', { ...plain, kind: 'sms' }],
    ['padding', { ...plain, publicKey: `${plain.publicKey}=` }],
    ['no name', { ...plain, id: '' }],
    ['a very long name', { ...plain, id: 'A'.repeat(1365) }],
    ['no word on copies', { ...passkey, backupEligible: undefined }],
    ['a model in another form', { ...passkey, aaguid: MODEL.toUpperCase() }],
    ['something else', { ...plain, since: '2026-01-01T00:00:00Z' }],
    ['a passkey’s members', { ...plain, backupEligible: false }],
  ])('is not that with %s', (_what, credential) => {
    expect(credentialsSchema.safeParse([credential]).success).toBe(false);
  });

  it.each([
    { rpId: 'Nervous.example', origins: WEBAUTHN.origins },
    { rpId: '', origins: WEBAUTHN.origins },
    { rpId: 'nervous.example', origins: [] },
    { rpId: 'nervous.example', origins: ['http://nervous.example'] },
    { rpId: 'nervous.example', origins: ['https://nervous.example/'] },
    { rpId: 'nervous.example', origins: ['https://nervous.example\n'] },
  ])('of a place is not %j', (webauthn) => {
    expect(webauthnSchema.safeParse(webauthn).success).toBe(false);
  });

  it('of an assertion is one of two, and bounded', () => {
    expect(assertionSchema.safeParse(plainKeyOf('bob').assert('00')).success).toBe(true);
    expect(assertionSchema.safeParse(passkeyOf('ann').assert('00')).success).toBe(true);
    for (const wrong of [{}, { kind: 'key' }, { kind: 'key', keyId: 'A', signature: 'A'.repeat(1025) }, null, 'x'])
      expect(assertionSchema.safeParse(wrong).success).toBe(false);
  });
});

describe('what is enrolled', () => {
  it('is sound when it is of people of the roster, each key once', () => {
    expect(enrolled(passkey, plain)).toEqual([]);
    expect(problems({})).toEqual([]);
  });

  it('is of nobody else, and nothing twice', () => {
    expect(problems({ credentials: [plain] }, ['ann'])).toEqual([
      'credentials/0/personId "bob" is nobody of roster.people',
    ]);
    expect(enrolled(plain, { ...plainKeyOf('bob').credential, id: plain.id })).toEqual([
      'credentials/1/id appears twice',
    ]);
    expect(enrolled(plain, { ...plainKeyOf('ann').credential, publicKey: plain.publicKey })).toEqual([
      'credentials/1/publicKey appears twice',
    ]);
    expect(enrolled(...Array.from({ length: 11 }, () => plainKeyOf('ann').credential))).toEqual([
      'credentials/10/personId has more than 10 keys',
    ]);
  });

  it('is a key that can be used', () => {
    expect(enrolled({ ...plain, publicKey: 'AAAA' })).toEqual([
      'credentials/0/publicKey is no COSE key of ES256 (P-256) or Ed25519',
    ]);
    expect(enrolled({ ...plain, publicKey: passkey.publicKey })).toEqual([
      'credentials/0/publicKey must be Ed25519 for a key',
    ]);
    expect(problems({ credentials: [passkey] })).toEqual([
      'credentials/0/kind a passkey needs "webauthn": say for which domain it is',
    ]);
  });

  it('is used on pages of its domain', () => {
    const origins = ['https://nervous.example', 'https://a.nervous.example:8443', 'https://evilnervous.example'];
    expect(problems({ webauthn: { rpId: 'nervous.example', origins } })).toEqual([
      'webauthn/origins/2 is not a page of "nervous.example"',
    ]);
  });
});

it('the stricter of two demands is one of them', () => {
  expect(stricterDemand(undefined, undefined)).toBeUndefined();
  expect(stricterDemand('signed', undefined)).toBe('signed');
  expect(stricterDemand('device-bound', 'signed')).toBe('device-bound');
  expect(stricterDemand('signed', 'device-bound')).toBe('device-bound');
});
