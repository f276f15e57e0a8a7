/**
 * The review afterwards: two people who had no part in it review a change-set that was approved in an emergency, or by nobody
 * at level L0. A review undoes nothing and stops nothing; a revert does that.
 */
import type { PersonId } from '../../brands/index.ts';
import { isTerminal } from './lifecycle.ts';
import type { ChangeRecord } from './record.ts';
import { refused, type Refusal } from './refusal.ts';

/** People who review one change-set. */
const REVIEWERS = 2;
/** From the override, or the approval by nobody, to the time at which the review is overdue. */
export const REVIEW_MS = 86_400_000;

/** Somebody still has to look at it, now or when it has ended; what was stopped before it ran needs no review. */
export function awaitsReview({ postReview, state }: ChangeRecord): boolean {
  const isStopped = state === 'rejected' || state === 'cancelled' || state === 'expired';
  return postReview !== undefined && postReview.reviews.length < REVIEWERS && !isStopped;
}

/** It has run, and somebody still has to look at it. */
export function isReviewDue(record: ChangeRecord): boolean {
  return awaitsReview(record) && (isTerminal(record.state) || record.state === 'rollback_failed');
}

/** Why the person may not review it; undefined when they may. */
export function reviewRefusal(record: ChangeRecord, personId: PersonId): Refusal | undefined {
  const { id, postReview } = record;
  if (postReview === undefined)
    return refused('REVIEW_REFUSED', `${id} was approved the usual way: there is nothing to review`);
  if (partakers(record).has(personId))
    return refused('REVIEW_REFUSED', `${personId} had a part in ${id}: someone who had none must review it`);
  const mine = postReview.reviews.find((one) => one.personId === personId);
  if (mine !== undefined)
    return refused(
      'CHANGE_STATE_CONFLICT',
      `${personId} has reviewed ${id} already: "${mine.verdict}", ${mine.reason}`,
    );
  return postReview.reviews.length < REVIEWERS
    ? undefined
    : refused('REVIEW_REFUSED', `${REVIEWERS} people have reviewed ${id} already: it is done`);
}

/** Who proposed, edited, answers for the proposer, voted, overrode or said what became of it. */
function partakers({ content, votes, override, resolutions = [] }: ChangeRecord): ReadonlySet<string> {
  return new Set([
    ...content.excludes,
    ...votes.flatMap(({ personId, delegate }) => [personId, ...(delegate === undefined ? [] : [delegate.personId])]),
    ...(override === undefined ? [] : [override.personId]),
    ...resolutions.map(({ personId }) => personId),
  ]);
}
