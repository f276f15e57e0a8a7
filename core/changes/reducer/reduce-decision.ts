/**
 * The steps from assessment to decision: what each must rest on. An assessment binds to one content, a vote to one
 * assessment, an approval to all three; whatever changes one of them voids what rests on it.
 */
import { isoOf, later, msOf, type IsoInstant } from '../../brands/index.ts';
import { REVIEW_MS } from '../model/post-review.ts';
import { requirementOf, standingQuorum } from '../model/quorum.ts';
import type { ChangeRecord, Placement, StandingVote } from '../model/record.ts';
import { override, revoke, vote } from './reduce-vote.ts';
import { inconsistent, isBefore, NOT_ASSESSED, refused, update, type Update } from '../model/refusal.ts';
import { assessmentHash } from '../model/binding-hashes.ts';
import type { ChangeStep, StepOf } from '../model/steps.ts';
import { MS_PER_MINUTE } from '../../values/index.ts';

/** From the clock reading of an assessment to its entry: what was counted must not be old when it is recorded. */
const MAX_ASSESSMENT_LAG_MS = 60_000;

type DecisionStep = Extract<
  ChangeStep,
  {
    readonly type: `change.${'assessed' | 'voted' | 'vote-revoked' | 'overridden' | 'approved' | 'rejected' | 'returned' | 'withdrawn' | 'expired'}`;
  }
>;

export function reduceDecision(record: ChangeRecord, step: DecisionStep, placement: Placement): Update {
  switch (step.type) {
    case 'change.assessed':
      return assess(record, step, placement);
    case 'change.voted':
      return vote(record, step, placement);
    case 'change.vote-revoked':
      return revoke(record, step);
    case 'change.overridden':
      return override(record, step, placement);
    case 'change.approved':
      return approve(record, step, placement);
    case 'change.rejected':
      return reject(record, step);
    case 'change.returned': {
      if (step.data.approval !== record.approval?.step) return inconsistent('the return names another approval');
      return update({ ...NOT_ASSESSED, blocked: step.data.blocked });
    }
    case 'change.withdrawn':
      return update({});
    case 'change.expired':
      return isBefore(step.at, record.content.deadline) ? inconsistent('the deadline has not passed') : update({});
  }
}

function assess(record: ChangeRecord, { data, at }: StepOf<'change.assessed'>, { step }: Placement): Update {
  if (record.assessment !== undefined)
    return inconsistent('the assessment in force is replaced only by a revision or a return');
  if (data.proposal !== record.proposal || data.contentHash !== record.content.contentHash)
    return inconsistent('the assessment is about another content');
  if (data.round !== record.round + 1) return inconsistent(`round ${data.round} does not follow ${record.round}`);
  const { assessmentHash: claimed, ...assessment } = data;
  if (claimed !== assessmentHash(assessment)) return inconsistent('the assessment hash is not that of the assessment');
  if (data.asOf !== undefined && !isRecent(data.asOf, at))
    return refused('CHANGE_BUSY', `${record.id} was assessed as of ${data.asOf}, too far from ${at}: try again`);
  return update({ ...NOT_ASSESSED, assessment: { ...data, step }, round: data.round });
}

function isRecent(asOf: IsoInstant, at: IsoInstant): boolean {
  const ageMs = msOf(at) - msOf(asOf);
  return ageMs >= 0 && ageMs <= MAX_ASSESSMENT_LAG_MS;
}

function approve(record: ChangeRecord, { data, at }: StepOf<'change.approved'>, { step }: Placement): Update {
  const { assessment, votes } = record;
  if (assessment === undefined || data.assessment !== assessment.step || data.proposal !== record.proposal)
    return inconsistent('the approval rests on another proposal or assessment');
  if (!isSame(data.votes, votes)) return inconsistent('the approval does not rest on the votes there are');
  const quorum = standingQuorum(requirementOf(record) ?? assessment, votes);
  if (!quorum.reached) return inconsistent(`the approval lacks ${quorum.missingApprovals} more, or somebody objects`);
  const [approvedAt, { timelockMinutes }] = [msOf(at), assessment];
  const instant = (afterMs: number): IsoInstant => isoOf(later(approvedAt, afterMs));
  return update({
    approval: { step, timelockUntil: instant(timelockMinutes * MS_PER_MINUTE) },
    ...(assessment.sampled ? { postReview: { kind: 'sample', due: instant(REVIEW_MS), reviews: [] } } : {}),
  });
}

function reject(record: ChangeRecord, { data }: StepOf<'change.rejected'>): Update {
  const veto = record.votes.find(({ step }) => step === data.vote);
  if (veto?.decision !== 'reject') return inconsistent('the rejection names no vote to reject');
  return data.assessment === record.assessment?.step && data.proposal === record.proposal
    ? update({})
    : inconsistent('the rejection rests on another proposal or assessment');
}

function isSame(steps: readonly string[], votes: readonly StandingVote[]): boolean {
  return steps.length === votes.length && votes.every(({ step }, i) => steps[i] === step);
}
