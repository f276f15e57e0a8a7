/**
 * The steps from assessment to decision: what each must rest on. An assessment binds to one content, a vote to one
 * assessment, an approval to all three; whatever changes one of them voids what rests on it.
 */
import { canonicalize, taggedHash } from '../canonical/index.ts';
import { countQuorum } from './quorum.ts';
import type { ChangeRecord, Placement, StandingVote } from './record.ts';
import { inconsistent, NOT_ASSESSED, refused, update, type Refusal, type Update } from './refusal.ts';
import type { Assessment, ChangeStep, StepOf, Vote } from './steps.ts';

const ASSESSMENT_TAG = 'nervous-system.change.assessment.v1';
const MS_PER_MINUTE = 60_000;

type DecisionStep = Extract<
  ChangeStep,
  { readonly type: `change.${'assessed' | 'voted' | 'approved' | 'rejected' | 'returned' | 'withdrawn' | 'expired'}` }
>;

export function reduceDecision(record: ChangeRecord, step: DecisionStep, placement: Placement): Update {
  switch (step.type) {
    case 'change.assessed':
      return assess(record, step, placement);
    case 'change.voted':
      return vote(record, step, placement);
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

/** Hex SHA-256 of everything an assessment says; what a vote binds to. */
export function assessmentHash(assessment: Omit<Assessment, 'assessmentHash'>): string {
  return taggedHash(ASSESSMENT_TAG, canonicalize(assessment, { integersOnly: true }));
}

/** Why the person may not vote (again) on the record as it stands; undefined when they may. */
export function voteRefusal(
  record: ChangeRecord,
  { personId, roles }: Pick<Vote, 'personId' | 'roles'>,
): Refusal | undefined {
  const { assessment, blocked, content, votes } = record;
  if (assessment === undefined) {
    const why = blocked === undefined ? 'it is being assessed' : blocked.message;
    return refused('RISK_BLOCKED', `nobody can decide on ${record.id}: ${why}`);
  }
  if (content.excludes.includes(personId)) {
    return refused(
      'SELF_APPROVAL',
      `${personId} proposed or edited ${record.id} or answers for its proposer: someone else must decide`,
    );
  }
  if (!roles.some((role) => assessment.roles.includes(role))) {
    return refused(
      'NOT_ELIGIBLE',
      `${personId} holds none of the roles ${assessment.roles.join(', ')} that ${record.id} needs`,
    );
  }
  const earlier = votes.find((one) => one.personId === personId);
  return earlier === undefined
    ? undefined
    : refused(
        'ALREADY_VOTED',
        `${personId} has decided "${earlier.decision}" as ${earlier.account}: one person has one vote, whatever the account`,
      );
}

function assess(record: ChangeRecord, { data }: StepOf<'change.assessed'>, { step }: Placement): Update {
  if (record.assessment !== undefined)
    return inconsistent('the assessment in force is replaced only by a revision or a return');
  if (data.proposal !== record.proposal || data.contentHash !== record.content.contentHash)
    return inconsistent('the assessment is about another content');
  if (data.round !== record.round + 1) return inconsistent(`round ${data.round} does not follow ${record.round}`);
  const { assessmentHash: claimed, ...assessment } = data;
  if (claimed !== assessmentHash(assessment)) return inconsistent('the assessment hash is not that of the assessment');
  return update({ ...NOT_ASSESSED, assessment: { ...data, step }, round: data.round });
}

function vote(record: ChangeRecord, { data, actor, at }: StepOf<'change.voted'>, placement: Placement): Update {
  const { assessment, content } = record;
  if (actor.kind !== 'person')
    return refused('AGENTS_CANNOT_DECIDE', `${actor.kind} "${actor.id}" cannot decide: ask a person`);
  const isCurrent =
    data.revision === content.revision &&
    data.contentHash === content.contentHash &&
    (assessment === undefined || data.assessmentHash === assessment.assessmentHash);
  if (!isCurrent) {
    const now = `revision ${content.revision}, content ${content.contentHash}, assessment ${assessment?.assessmentHash ?? 'none'}`;
    return refused(
      'DECISION_STALE',
      `the decision is about another state of ${record.id} than its ${now}: read it and decide again`,
    );
  }
  if (!isBefore(at, content.deadline))
    return refused('DECISION_EXPIRED', `the deadline of ${record.id} was ${content.deadline}`);
  if (data.expiresAt !== undefined && !isBefore(at, data.expiresAt))
    return refused('DECISION_EXPIRED', `the decision was valid until ${data.expiresAt}: decide again`);
  if (data.decision === 'reject' && data.reason === undefined)
    return refused('CHANGE_INVALID', 'a rejection needs a reason: say what would have to change');
  return (
    voteRefusal(record, data) ?? update({ votes: [...record.votes, { ...data, ...placement, account: actor.id }] })
  );
}

function approve(record: ChangeRecord, { data, at }: StepOf<'change.approved'>, { step }: Placement): Update {
  const { assessment, votes } = record;
  if (assessment === undefined || data.assessment !== assessment.step || data.proposal !== record.proposal)
    return inconsistent('the approval rests on another proposal or assessment');
  if (!isSame(data.votes, votes) || votes.some(({ decision }) => decision !== 'approve'))
    return inconsistent('the approval does not rest on the votes there are');
  const quorum = countQuorum(assessment, votes);
  if (!quorum.reached) return inconsistent(`the approval lacks ${quorum.missingApprovals} more`);
  const timelockUntil = new Date(Date.parse(at) + assessment.timelockMinutes * MS_PER_MINUTE).toISOString();
  return update({ approval: { step, timelockUntil } });
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

/** Both are server time in ISO 8601 UTC; input may leave the milliseconds out, so text order is not enough. */
function isBefore(at: string, limit: string): boolean {
  return Date.parse(at) < Date.parse(limit);
}
