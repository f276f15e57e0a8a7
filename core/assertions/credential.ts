/**
 * The keys that people have enrolled, and whom they sign in to, as the policy's document holds them: so the policy that a decision
 * names says whose keys counted then, and changing them needs what any change of the policy needs.
 */
import * as z from 'zod';
import type { AssertionDemand } from './assertion.ts';
import { base64url } from './base64url.ts';
import { parsePublicKey } from './public-key.ts';

const MAX_PER_PERSON = 10;
/** A document that holds the roster too has room for no more. */
const MAX_CREDENTIALS = 150;

const aaguid = z
  .string()
  .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/, 'must be an AAGUID in lower-case hex');

/** Where people sign with a passkey. */
export const webauthnSchema = z.strictObject({
  /** the domain that passkeys are made for */
  rpId: z
    .string()
    .min(1)
    .max(253)
    .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)*$/, 'must be a domain in lower case'),
  /** of the pages that may ask for an assertion */
  origins: z
    .array(
      z
        .string()
        .min(1)
        .max(300)
        .regex(
          /^(https:\/\/[a-z0-9-]+(\.[a-z0-9-]+)*|http:\/\/localhost)(:[0-9]{1,5})?$/,
          'must be an https origin without a path, or http://localhost',
        ),
    )
    .min(1)
    .max(10),
  /** models of authenticators that count as bound to their device */
  aaguids: z.array(aaguid).max(100).exactOptional(),
});

const common = {
  personId: z.string().min(1).max(64).brand<'PersonId'>(),
  id: base64url(1364),
  /** COSE_Key in canonical CBOR */
  publicKey: base64url(128),
};

const credentialSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('passkey'),
    ...common,
    aaguid: aaguid.exactOptional(),
    /** flag BE: it may be on several devices */
    backupEligible: z.boolean(),
    /** hints for the browser: `usb`, `nfc`, `internal`, … */
    transports: z
      .array(
        z
          .string()
          .min(1)
          .max(32)
          .regex(/^[a-z-]+$/),
      )
      .max(8)
      .exactOptional(),
  }),
  /** Ed25519, kept by the person without an authenticator: signs from a terminal */
  z.strictObject({ kind: z.literal('key'), ...common }),
]);
export type Credential = z.output<typeof credentialSchema>;
export const credentialsSchema = z.array(credentialSchema).max(MAX_CREDENTIALS);

/** Whose signature counts, under one policy. */
export interface Signers {
  readonly webauthn?: z.output<typeof webauthnSchema>;
  readonly credentials?: readonly Credential[];
}

interface PlacedProblem {
  readonly path: (string | number)[];
  readonly message: string;
}

/** What is wrong beyond the form, as `path: problem`. */
export function credentialProblems(
  { webauthn, credentials = [] }: Signers,
  people: readonly string[],
): PlacedProblem[] {
  return [
    ...originProblems(webauthn),
    ...credentials.flatMap((credential, i) => {
      const report = (field: string, message: string): PlacedProblem => ({ path: ['credentials', i, field], message });
      const { personId, id, publicKey, kind } = credential;
      const earlier = credentials.slice(0, i);
      const algorithm = parsePublicKey(publicKey)?.algorithm;
      return [
        ...(people.includes(personId) ? [] : [report('personId', `"${personId}" is nobody of roster.people`)]),
        ...(earlier.some((one) => one.id === id) ? [report('id', 'appears twice')] : []),
        ...(earlier.some((one) => one.publicKey === publicKey) ? [report('publicKey', 'appears twice')] : []),
        ...(algorithm === undefined ? [report('publicKey', 'is no COSE key of ES256 (P-256) or Ed25519')] : []),
        ...(kind === 'key' && algorithm === 'ES256' ? [report('publicKey', 'must be Ed25519 for a key')] : []),
        ...(kind === 'passkey' && webauthn === undefined
          ? [report('kind', 'a passkey needs "webauthn": say for which domain it is')]
          : []),
        ...(earlier.filter((one) => one.personId === personId).length >= MAX_PER_PERSON
          ? [report('personId', `has more than ${MAX_PER_PERSON} keys`)]
          : []),
      ];
    }),
  ];
}

/** Whether the key is one that such a demand takes, if it signs. */
export function isFitFor(credential: Credential, demand: AssertionDemand, { webauthn }: Signers): boolean {
  if (demand === 'signed') return true;
  const { kind } = credential;
  if (kind !== 'passkey' || credential.backupEligible || credential.aaguid === undefined) return false;
  return webauthn?.aaguids?.includes(credential.aaguid) ?? false;
}

/** A browser makes assertions for a domain on its pages and those of its subdomains only. */
function originProblems(webauthn: Signers['webauthn']): PlacedProblem[] {
  if (webauthn === undefined) return [];
  const { rpId, origins } = webauthn;
  return origins.flatMap((origin, i) => {
    const host = origin.replace(/^https?:\/\//, '').replace(/:[0-9]+$/, '');
    const message = `is not a page of "${rpId}"`;
    return host === rpId || host.endsWith(`.${rpId}`) ? [] : [{ path: ['webauthn', 'origins', i], message }];
  });
}
