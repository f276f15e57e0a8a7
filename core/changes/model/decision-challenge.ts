/**
 * What a person's own key signs when they decide (WebAuthn): one hash over everything the decision binds to. Whether the
 * signature is good is not known here, only that it was asked for over this decision and no other.
 */
import * as z from 'zod';
import type { AssessmentHash, ContentHash, PersonId } from '../../brands/index.ts';
import { canonicalize, taggedHash } from '../../canonical/index.ts';
import { refused, type Refusal } from './refusal.ts';
import type { Vote } from './steps.ts';

const DECISION_TAG = 'nervous-system.change.decision.v1';

const base64url = (maxCharacters: number): z.ZodString =>
  z
    .string()
    .min(1)
    .max(maxCharacters)
    .regex(/^[A-Za-z0-9_-]+$/, 'must be base64url without padding');

/** An AuthenticatorAssertionResponse with its credential's id. Limits are about twice what authenticators send. */
export const assertionSchema = z.strictObject({
  /** at most 1,023 bytes by WebAuthn */
  credentialId: base64url(1364),
  authenticatorData: base64url(2048),
  clientDataJSON: base64url(2048),
  signature: base64url(1024),
});
export type Assertion = z.output<typeof assertionSchema>;

export interface DecisionSubject {
  readonly ledger: string;
  /** id of the change-set */
  readonly change: string;
  readonly revision: number;
  readonly contentHash: ContentHash;
  readonly assessmentHash: AssessmentHash;
  readonly decision: Vote['decision'] | 'override';
  /** whose decision it is */
  readonly personId: PersonId;
  readonly nonce: string;
  /** ISO 8601, as given; undefined: valid until the change-set's deadline */
  readonly expiresAt?: string | undefined;
}

/** Hex SHA-256; its 32 bytes are the challenge. */
export function decisionChallenge(subject: DecisionSubject): string {
  const { ledger, change, revision, contentHash, assessmentHash, decision, personId, nonce, expiresAt } = subject;
  const signed = { ledger, change, revision, contentHash, assessmentHash, decision, personId, nonce };
  return taggedHash(DECISION_TAG, canonicalize({ ...signed, expiresAt: expiresAt ?? null }, { integersOnly: true }));
}

const clientData = z.object({ type: z.literal('webauthn.get'), challenge: z.string() });

/** CHANGE_INVALID when it is no assertion, DECISION_STALE when it is one over something else. */
export function assertionRefusal(assertion: Assertion | undefined, subject: DecisionSubject): Refusal | undefined {
  if (assertion === undefined) return undefined;
  const parsed = clientData.safeParse(readJson(assertion.clientDataJSON));
  if (!parsed.success)
    return refused(
      'CHANGE_INVALID',
      '/assertion/clientDataJSON: must be the client data of a WebAuthn assertion (webauthn.get)',
    );
  const wanted = Buffer.from(decisionChallenge(subject), 'hex').toString('base64url');
  return parsed.data.challenge === wanted
    ? undefined
    : refused('DECISION_STALE', `the assertion was made over another decision: its challenge must be ${wanted}`);
}

function readJson(encoded: string): unknown {
  try {
    return JSON.parse(Buffer.from(encoded, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}
