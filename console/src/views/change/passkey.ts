/**
 * The passkey of whoever is signed in signs one decision: the browser asks for a finger, a face or a PIN, and answers with a signature over the
 * challenge of exactly this vote (docs/approvals.md, "Decisions signed by people"). Which passkeys count, the policy says.
 */
import type { ChangeView, PolicyView } from '../../../../core/changes/index.ts';
import type { DecisionSigner } from '../../../../clients/sdk/sign-decision.ts';
import type { Session } from '../../session/session.ts';
import { fromBase64, fromHex, toBase64, type Bytes } from '../../verify/bytes.ts';

const PATIENCE_MS = 120_000;
const BASE64_GROUP = 4;

/** Of an assertion each part in base64url. */
type Signed = Readonly<Record<'credentialId' | 'authenticatorData' | 'clientDataJSON' | 'signature', string>>;
type Listed = NonNullable<PolicyView['document']['credentials']>[number];

/** undefined: nothing asks for a signature. @throws Error: one is asked for, and there is no passkey for it */
export async function passkeySigner(
  { client, who }: Session,
  { risk }: Pick<ChangeView, 'risk'>,
): Promise<DecisionSigner | undefined> {
  if (risk?.assertion === undefined) return undefined;
  const { webauthn, credentials = [] } = (await client.policy()).document;
  const own = credentials.filter(({ kind, personId }) => kind === 'passkey' && personId === who.personId);
  if (webauthn === undefined || who.personId === undefined || own.length === 0)
    throw new Error(
      'This decision must be signed, and the policy lists no passkey of yours: have one enrolled, or sign from a terminal with --sign-with.',
    );
  return { personId: who.personId, sign: (challenge) => signWith(own, { challenge, rpId: webauthn.rpId }) };
}

/** @throws Error: nobody touched it, or this page is not one of the passkey's */
async function signWith(
  own: readonly Listed[],
  { challenge, rpId }: { readonly challenge: string; readonly rpId: string },
): Promise<Signed> {
  const publicKey: PublicKeyCredentialRequestOptions = {
    ...{ challenge: fromHex(challenge), rpId, userVerification: 'required', timeout: PATIENCE_MS },
    allowCredentials: own.map(({ id }) => ({ type: 'public-key', id: fromBase64url(id) })),
  };
  const got = await navigator.credentials.get({ publicKey }).catch((error: unknown) => {
    throw new Error(`Nothing was signed: ${(error as Error).message}`);
  });
  return answerOf(got as PublicKeyCredential);
}

function answerOf({ rawId, response }: PublicKeyCredential): Signed {
  const { authenticatorData, clientDataJSON, signature } = response as AuthenticatorAssertionResponse;
  return {
    credentialId: toBase64url(rawId),
    authenticatorData: toBase64url(authenticatorData),
    clientDataJSON: toBase64url(clientDataJSON),
    signature: toBase64url(signature),
  };
}

function toBase64url(bytes: ArrayBuffer): string {
  return toBase64(new Uint8Array(bytes)).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function fromBase64url(text: string): Bytes {
  const base64 = text.replaceAll('-', '+').replaceAll('_', '/');
  const bytes = fromBase64(base64.padEnd(Math.ceil(base64.length / BASE64_GROUP) * BASE64_GROUP, '='));
  if (bytes === undefined) throw new Error('The policy lists a passkey whose id cannot be read.');
  return bytes;
}
