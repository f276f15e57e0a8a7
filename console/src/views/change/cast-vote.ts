/**
 * One decision, bound to exactly the view that the page showed and verified. A person's own signature over it belongs here: when the service
 * asks for one, the challenge of this decision goes to `navigator.credentials.get`, and what comes back goes along as its assertion.
 */
import type { ChangeView, DecideResult, DecisionInput } from '../../../../core/changes/index.ts';
import type { Session } from '../../session/session.ts';
import { verifyShown } from '../../verify/shown.ts';

export interface Ballot {
  readonly decision: DecisionInput['decision'];
  readonly reason: string;
  /** whose vote, where it was delegated */
  readonly onBehalfOf: string | undefined;
}

export async function castVote({ client }: Session, change: ChangeView, ballot: Ballot): Promise<DecideResult> {
  const { problems } = await verifyShown(change);
  if (problems.length > 0) throw new Error('What is shown is not what a vote would bind to: nothing was sent.');
  const { decision, reason, onBehalfOf } = ballot;
  return client.decide(change, decision, {
    ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
  });
}
