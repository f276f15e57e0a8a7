/** Reviewing afterwards what was overridden or sampled: two people who had no part in it say whether it was justified. */
import * as z from 'zod';
import { actorOf, type Principal } from '../../policy/index.ts';
import { recordAct, type ActRequest, type RecordedAct } from '../recording/record-act.ts';
import { MAX_TRIES, tooBusy } from '../recording/record-steps.ts';
import { peopleOnly, withExcludedNow, type UnderPolicy } from '../recording/who-may.ts';
import { parseInput, plainText } from '../operations/content.ts';
import type { Context } from '../recording/context.ts';
import { nextState } from '../model/lifecycle.ts';
import { awaitsReview, isReviewDue, reviewRefusal } from '../model/post-review.ts';
import type { ChangeRecord } from '../model/record.ts';
import { isRefused, noSuchChange, type Refused } from '../model/refusal.ts';

export const reviewInputSchema = z.strictObject({
  verdict: z.enum(['justified', 'unjustified']),
  reason: plainText(1000),
});
export type ReviewInput = z.input<typeof reviewInputSchema>;

/** Refused: REVIEW_REFUSED | CHANGE_STATE_CONFLICT; FORBIDDEN to who may not read the entity */
export async function review(
  context: Context,
  principal: Principal,
  { id, input }: ActRequest,
): Promise<RecordedAct | Refused> {
  if (principal.kind !== 'person') return peopleOnly(principal, 'review');
  const given = parseInput(reviewInputSchema, input);
  if (isRefused(given)) return given;
  const { personId } = principal;

  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const current = await context.store.find(id);
    if (current === undefined) return noSuchChange(id);
    const { record } = current;
    const denied = context.policy.denial(principal, 'reads', record.entityId);
    if (denied !== undefined) return denied;
    const mine = record.postReview?.reviews.find((one) => one.personId === personId);
    if (mine?.verdict === given.verdict && mine.reason === given.reason) return { kind: 'recorded', stored: current };
    const hasEnded = nextState(record.state, 'change.reviewed') !== undefined; // else the step itself is refused
    const refusal = hasEnded ? reviewRefusal(withExcludedNow(context, record), personId) : undefined;
    if (refusal !== undefined) return refusal;
    const data = { change: id, revision: record.content.revision, personId, ...given, ...context.under };
    const done = await recordAct(context, current, {
      steps: [{ type: 'change.reviewed', actor: actorOf(principal), data }],
    });
    if (done !== 'again') return done;
  }
  return tooBusy();
}

/** This person's review is asked for. */
export function canReview(context: UnderPolicy, principal: Principal, record: ChangeRecord): boolean {
  return isReviewDue(record) && mayReview(context, principal, record);
}

/** The same, whether or not it has run by now. */
export function mayReview(context: UnderPolicy, principal: Principal, record: ChangeRecord): boolean {
  return (
    principal.kind === 'person' &&
    awaitsReview(record) &&
    reviewRefusal(withExcludedNow(context, record), principal.personId) === undefined &&
    context.policy.may(principal, 'reads', record.entityId)
  );
}
