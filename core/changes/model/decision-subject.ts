/** What a person's own key signs when they decide: one hash over everything the decision binds to. Clients in browsers load it. */
import type { AssessmentHash, ContentHash } from '../../brands/index.ts';
import { canonicalize, taggedHash } from '../../canonical/index.ts';
import type { Vote } from './steps.ts';

const DECISION_TAG = 'nervous-system.change.decision.v1';

export interface DecisionSubject {
  readonly ledger: string;
  /** id of the change-set */
  readonly change: string;
  readonly revision: number;
  readonly contentHash: ContentHash;
  readonly assessmentHash: AssessmentHash;
  readonly decision: Vote['decision'] | 'override';
  /** whose decision it is */
  readonly personId: string;
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
