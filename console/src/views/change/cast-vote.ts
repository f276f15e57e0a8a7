/**
 * One decision, bound to exactly the view that the page showed and verified, and signed by the person's passkey where a rule asks for that.
 */
import type { ChangeView, DecideResult, DecisionInput } from '../../../../core/changes/index.ts';
import type { Session } from '../../session/session.ts';
import { verifyShown } from '../../verify/shown.ts';
import { passkeySigner } from './passkey.ts';

export interface Ballot {
  readonly decision: DecisionInput['decision'];
  readonly reason: string;
  /** whose vote, where it was delegated */
  readonly onBehalfOf: string | undefined;
}

export async function castVote(session: Session, change: ChangeView, ballot: Ballot): Promise<DecideResult> {
  const { problems } = await verifyShown(change);
  if (problems.length > 0) throw new Error('What is shown is not what a vote would bind to: nothing was sent.');
  const { decision, reason, onBehalfOf } = ballot;
  const signer = await passkeySigner(session, change);
  return session.client.decide(change, decision, {
    ...(reason.trim() === '' ? {} : { reason: reason.trim() }),
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    ...(signer === undefined ? {} : { signer }),
  });
}
