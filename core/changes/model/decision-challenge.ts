/**
 * Is a decision signed as it has to be? Where the rules ask for a signature it has to be good; where they do not, an assertion
 * was at least asked for over this decision and no other.
 */
import * as z from 'zod';
import { assertionProblem, type Assertion, type AssertionDemand, type Signers } from '../../assertions/index.ts';
import type { PersonId } from '../../brands/index.ts';
import { decisionChallenge, type DecisionSubject } from './decision-subject.ts';
import { refused, type Refusal } from './refusal.ts';

const clientData = z.object({ type: z.literal('webauthn.get'), challenge: z.string() });

export interface Signing {
  readonly subject: DecisionSubject;
  /** who decides: the delegate, where a vote is lent */
  readonly decider: PersonId;
  /** by the assessment; undefined: the sign-in is enough */
  readonly demand: AssertionDemand | undefined;
  /** of the policy in force */
  readonly signers: Signers;
}

/** CHANGE_INVALID | DECISION_STALE as below, ASSERTION_REQUIRED | ASSERTION_INVALID when it is not what the rules ask for. */
export function signatureRefusal(
  assertion: Assertion | undefined,
  { subject, decider: personId, demand, signers }: Signing,
): Refusal | undefined {
  const refusal = assertionRefusal(assertion, subject);
  // A plain key's signature says nothing that could be read without the key, so it always has to be good.
  const needed = demand ?? (assertion !== undefined && 'kind' in assertion ? 'signed' : undefined);
  if (refusal !== undefined || needed === undefined) return refusal;
  const challenge = decisionChallenge(subject);
  const problem = assertionProblem(assertion, { challenge, personId, demand: needed, signers });
  return problem && refused(problem.code, problem.message);
}

/** CHANGE_INVALID when it is no assertion, DECISION_STALE when it is one over something else. */
export function assertionRefusal(assertion: Assertion | undefined, subject: DecisionSubject): Refusal | undefined {
  if (assertion === undefined || 'kind' in assertion) return undefined;
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
