/** What a decision binds to, and the signature of a person's own key over it (docs/approvals.md, "Decisions signed by people"). */
import type { Assertion } from '../../core/assertions/index.ts';
import { decisionChallenge, type ChangeView, type DecisionInput } from '../../core/changes/index.ts';
import { ApiProblem } from './connection/problems.ts';
import type { Transport } from './connection/transport.ts';

export interface DecisionSigner {
  /** whose key it is: who decides */
  readonly personId: string;
  /**
   * @param challenge hex, of 32 bytes: what a passkey takes as WebAuthn's `challenge`
   * @returns what the key made of it; a promise, where somebody has to touch something
   */
  readonly sign: (challenge: string) => Assertion | Promise<Assertion>;
}

export type Bound = Required<Pick<ChangeView, 'revision' | 'contentHash' | 'assessmentHash'>> & {
  readonly nonce: string;
};

export interface ToSign {
  readonly change: Pick<ChangeView, 'id'>;
  readonly bound: Bound;
  readonly decision: DecisionInput['decision'] | 'override';
  /** who lent the vote */
  readonly onBehalfOf?: string | undefined;
}

/** What goes into the body of a decision; nothing without a signer. */
export async function assertionOf(
  call: Transport,
  signer: DecisionSigner | undefined,
  { change, bound, decision, onBehalfOf }: ToSign,
): Promise<{ readonly assertion?: Assertion }> {
  if (signer === undefined) return {};
  const { ledger } = await call<{ readonly ledger: string }>({ method: 'GET', path: '/capabilities' });
  const personId = onBehalfOf ?? signer.personId;
  const challenge = decisionChallenge({ ...bound, ledger, change: change.id, decision, personId });
  return { assertion: await signer.sign(challenge) };
}

/** What a decision on this view binds to, once. */
export function bindingTo(change: ChangeView): Bound {
  const { revision, contentHash, assessmentHash } = change;
  if (assessmentHash === undefined) throw notDecidable(change);
  return { revision, contentHash, assessmentHash, nonce: crypto.randomUUID() };
}

function notDecidable({ id, state, blocked }: ChangeView): ApiProblem {
  const why = blocked === undefined ? `it is ${state}` : blocked.message;
  const detail = `change-set ${id} cannot be decided on: ${why}`;
  return new ApiProblem({ status: 409, code: 'CHANGE_STATE_CONFLICT', detail, errors: [] });
}
