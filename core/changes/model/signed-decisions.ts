/** What a vote or an override has to be signed over, by whom and how strictly: the same when it is made, at the claim and in a replay. */
import type { Signers } from '../../assertions/index.ts';
import type { AssessmentHash } from '../../brands/index.ts';
import { signatureRefusal } from './decision-challenge.ts';
import type { ChangeRecord } from './record.ts';
import type { Refusal } from './refusal.ts';
import type { StepData, Vote } from './steps.ts';

export interface Signed {
  readonly ledger: string;
  /** before the decision */
  readonly record: Pick<ChangeRecord, 'id' | 'assessment'>;
  /** of the policy in force */
  readonly signers: Signers;
}

/** DECISION_STALE | CHANGE_INVALID | ASSERTION_REQUIRED | ASSERTION_INVALID */
export function voteSignatureRefusal(
  vote: Pick<
    Vote,
    | 'revision'
    | 'contentHash'
    | 'assessmentHash'
    | 'decision'
    | 'personId'
    | 'delegate'
    | 'nonce'
    | 'expiresAt'
    | 'assertion'
  >,
  { ledger, record, signers }: Signed,
): Refusal | undefined {
  const { personId, delegate, assertion } = vote;
  const subject = { ...vote, ledger, change: record.id };
  const demand = record.assessment?.assertion;
  return signatureRefusal(assertion, { subject, decider: delegate?.personId ?? personId, demand, signers });
}

/** As above. */
export function overrideSignatureRefusal(
  given: Pick<StepData<'change.overridden'>, 'revision' | 'contentHash' | 'personId' | 'nonce' | 'assertion'> & {
    readonly assessmentHash: AssessmentHash;
  },
  { ledger, record, signers }: Signed,
): Refusal | undefined {
  const { personId, assertion } = given;
  const subject = { ...given, ledger, change: record.id, decision: 'override' as const };
  return signatureRefusal(assertion, { subject, decider: personId, demand: record.assessment?.assertion, signers });
}
