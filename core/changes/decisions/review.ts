/** Reviewing afterwards what was overridden or sampled: two people who had no part in it say whether it was justified. */
import * as z from 'zod';
import { actorOf, type Principal } from '../../policy/index.ts';
import { act, type RecordedAct } from '../recording/record-act.ts';
import { parseInput, plainText } from '../operations/content.ts';
import { requirePerson, withExcludedNow, type Context } from '../recording/context.ts';
import { ChangeError } from '../model/errors.ts';
import { nextState } from '../model/lifecycle.ts';
import { isReviewDue, reviewRefusal } from '../model/post-review.ts';
import type { ChangeRecord } from '../model/record.ts';

export const reviewInputSchema = z.strictObject({
  verdict: z.enum(['justified', 'unjustified']),
  reason: plainText(1000),
});
export type ReviewInput = z.input<typeof reviewInputSchema>;

/** @throws ChangeError REVIEW_REFUSED | CHANGE_STATE_CONFLICT; PolicyError FORBIDDEN to who may not read the entity */
export async function review(
  context: Context,
  principal: Principal,
  { id, input }: { id: string; input: unknown },
): Promise<RecordedAct> {
  requirePerson(principal, 'review');
  const given = parseInput(reviewInputSchema, input);
  const { personId } = principal;
  return act(context, id, async (record) => {
    const { entityId, content, postReview } = record;
    context.policy.require(principal, 'reads', entityId);
    const mine = postReview?.reviews.find((one) => one.personId === personId);
    if (mine?.verdict === given.verdict && mine.reason === given.reason) return 'recorded';
    const hasEnded = nextState(record.state, 'change.reviewed') !== undefined; // else the step itself is refused
    const refusal = hasEnded ? reviewRefusal(withExcludedNow(context, record), personId) : undefined;
    if (refusal !== undefined) throw new ChangeError(refusal);
    const data = { change: id, revision: content.revision, personId, ...given, ...context.under };
    return { steps: [{ type: 'change.reviewed', actor: actorOf(principal), data }] };
  });
}

/** This person's review is asked for. */
export function canReview(context: Context, principal: Principal, record: ChangeRecord): boolean {
  return (
    principal.kind === 'person' &&
    isReviewDue(record) &&
    reviewRefusal(withExcludedNow(context, record), principal.personId) === undefined &&
    context.policy.may(principal, 'reads', record.entityId)
  );
}
