/** What proves that a person's own key signed a decision, as the API takes it, and what a rule may ask of it. */
import * as z from 'zod';
import { base64url } from './base64url.ts';

/** From the weakest: any enrolled key; one that cannot leave its device, as its model and its flags say. */
export const ASSERTION_DEMANDS = ['signed', 'device-bound'] as const;
export type AssertionDemand = (typeof ASSERTION_DEMANDS)[number];

/** An AuthenticatorAssertionResponse with its credential's id. Limits are about twice what authenticators send. */
const passkeyAssertion = z.strictObject({
  /** at most 1,023 bytes by WebAuthn */
  credentialId: base64url(1364),
  authenticatorData: base64url(2048),
  clientDataJSON: base64url(2048),
  signature: base64url(1024),
});

/** By an enrolled key without an authenticator, such as the CLI's: Ed25519, 64 bytes. */
const keyAssertion = z.strictObject({
  kind: z.literal('key'),
  /** of the credential */
  keyId: base64url(1364),
  signature: base64url(1024),
});

export const assertionSchema = z.union([passkeyAssertion, keyAssertion]);
export type Assertion = z.output<typeof assertionSchema>;

/** The stricter of two, or of one and none. */
export function stricterDemand(
  a: AssertionDemand | undefined,
  b: AssertionDemand | undefined,
): AssertionDemand | undefined {
  return ASSERTION_DEMANDS.findLast((one) => one === a || one === b);
}
