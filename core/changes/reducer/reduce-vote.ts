/**
 * The steps of people before anything runs: votes, votes taken back, and the one who decides alone in an emergency. Each is
 * about exactly one revision, content and assessment. Roles and rights of the day are the recorder's business, not ours.
 */
import { msOf, type IsoInstant, type PersonId } from '../../brands/index.ts';
import { orBlank } from '../../values/index.ts';
import { requirementOf, rolesFilled } from '../model/quorum.ts';
import type { ChangeRecord, Placement } from '../model/record.ts';
import { agentRefusal, inconsistent, isBefore, refused, update, type Refusal, type Update } from '../model/refusal.ts';
import { REVIEW_MS } from '../model/post-review.ts';
import type { StepOf, Vote } from '../model/steps.ts';

/** What no emergency overrides, whatever the assessment says of its enforcement. */
const HARD_LEVELS: ReadonlySet<string> = new Set(['L3', 'L4']);

export function vote(record: ChangeRecord, { data, actor, at }: StepOf<'change.voted'>, placement: Placement): Update {
  if (record.state === 'approved' && data.decision !== 'reject')
    return refused('CHANGE_STATE_CONFLICT', `${record.id} is approved: reject it (veto), or revoke the vote you gave`);
  const refusal = agentRefusal(actor) ?? staleness(record, data) ?? lateness(record, { at, expiresAt: data.expiresAt });
  if (refusal !== undefined) return refusal;
  if (data.decision !== 'approve' && data.reason === undefined)
    return refused('CHANGE_INVALID', `"${data.decision}" needs a reason: say what would have to change`);
  return (
    voteRefusal(record, data) ?? update({ votes: [...record.votes, { ...data, ...placement, account: actor.id }] })
  );
}

/** An approval that rested on the vote is gone with it. */
export function revoke(record: ChangeRecord, { data, actor, at }: StepOf<'change.vote-revoked'>): Update {
  const { id, votes, override } = record;
  const refusal = agentRefusal(actor) ?? lateness(record, { at });
  if (refusal !== undefined) return refusal;
  if (override !== undefined)
    return refused(
      'CHANGE_STATE_CONFLICT',
      `${id} was overridden, which rests on no vote: reject it (veto) to stop it`,
    );
  const revoked = votes.find(({ step }) => step === data.vote);
  if (revoked === undefined || ![revoked.personId, revoked.delegate?.personId].includes(data.personId))
    return refused('NO_SUCH_VOTE', `${data.personId} has no such vote on ${id}`);
  return update({ votes: votes.filter((one) => one !== revoked), approval: undefined });
}

/** Approved at once, to be reviewed by others in time. */
export function override(
  record: ChangeRecord,
  { data, actor, at }: StepOf<'change.overridden'>,
  { step }: Placement,
): Update {
  const refusal = agentRefusal(actor) ?? lateness(record, { at }) ?? overrideRefusal(record, data.personId);
  if (refusal !== undefined) return refusal;
  const { assessment, proposal, content } = record;
  if (data.assessment !== assessment?.step || data.proposal !== proposal || data.contentHash !== content.contentHash)
    return inconsistent('the override rests on another proposal, content or assessment');
  if (!isBefore(at, data.reviewBy) || msOf(data.reviewBy) > msOf(at) + REVIEW_MS)
    return inconsistent('an override is to be reviewed within 24 hours');
  return update({
    override: { ...data, step, account: actor.id },
    approval: { step, timelockUntil: at },
    postReview: { kind: 'override', due: data.reviewBy, reviews: [] },
  });
}

/** Why the person may not vote (again) on the record as it stands; undefined when they may. */
export function voteRefusal(
  record: ChangeRecord,
  { personId, roles, delegate }: Pick<Vote, 'personId' | 'roles' | 'delegate'>,
): Refusal | undefined {
  // Who casts a vote for somebody else is held to the same, and has no other vote.
  const deciders = delegate === undefined ? [personId] : [personId, delegate.personId];
  const refusal = deciderRefusal(record, personId) ?? deciderRefusal(record, deciders.at(-1) ?? personId);
  if (refusal !== undefined) return refusal;
  const requirement = requirementOf(record);
  if (requirement === undefined || rolesFilled(requirement, roles).length === 0) {
    const needed = orBlank(requirement?.roles.join(', '));
    return refused('NOT_ELIGIBLE', `${personId} holds none of the roles ${needed} that ${record.id} needs`);
  }
  const isUsed = (one: PersonId | undefined): boolean => one !== undefined && deciders.includes(one);
  const earlier = record.votes.find((one) => isUsed(one.personId) || isUsed(one.delegate?.personId));
  return earlier === undefined
    ? undefined
    : refused(
        'ALREADY_VOTED',
        `${deciders.join(' for ')} has decided "${earlier.decision}" as ${earlier.account}: one person has one vote, whatever the account; revoke it to vote anew`,
      );
}

/** Why the person may not override the record as it stands, whatever rights they have; undefined when they may. */
export function overrideRefusal(record: ChangeRecord, personId: PersonId): Refusal | undefined {
  const { id, assessment, votes } = record;
  const refusal = deciderRefusal(record, personId);
  if (refusal !== undefined || assessment === undefined) return refusal;
  if (assessment.enforcement !== 'soft' || HARD_LEVELS.has(assessment.level))
    return refused('OVERRIDE_REFUSED', `${id} is ${assessment.level} by rules that are hard: it needs its approvals`);
  const objection = votes.find(({ decision }) => decision !== 'approve');
  return objection === undefined
    ? undefined
    : refused(
        'OVERRIDE_REFUSED',
        `${objection.personId} asks for changes of ${id}: an override stands in for people who are missing, not against one who objects`,
      );
}

/** Why a decision about `named` is not about the record as it stands. */
export function staleness(
  { id, content, assessment }: ChangeRecord,
  named: Pick<Vote, 'revision' | 'contentHash' | 'assessmentHash'>,
): Refusal | undefined {
  const isCurrent =
    named.revision === content.revision &&
    named.contentHash === content.contentHash &&
    (assessment === undefined || named.assessmentHash === assessment.assessmentHash);
  if (isCurrent) return undefined;
  const now = `revision ${content.revision}, content ${content.contentHash}, assessment ${assessment?.assessmentHash ?? 'none'}`;
  return refused(
    'DECISION_STALE',
    `the decision is about another state of ${id} than its ${now}: read it and decide again`,
  );
}

function lateness(
  { id, content }: ChangeRecord,
  { at, expiresAt }: { readonly at: IsoInstant; readonly expiresAt?: IsoInstant | undefined },
): Refusal | undefined {
  if (!isBefore(at, content.deadline))
    return refused(
      'DECISION_EXPIRED',
      `the deadline of ${id} was ${content.deadline}, and it is ${at} by the server's clock`,
    );
  return expiresAt === undefined || isBefore(at, expiresAt)
    ? undefined
    : refused(
        'DECISION_EXPIRED',
        `the decision was valid until ${expiresAt}, and it is ${at} by the server's clock: decide again`,
      );
}

function deciderRefusal({ id, assessment, blocked, content }: ChangeRecord, personId: PersonId): Refusal | undefined {
  if (assessment === undefined) {
    const why = blocked === undefined ? 'it is being assessed' : blocked.message;
    return refused('RISK_BLOCKED', `nobody can decide on ${id}: ${why}`);
  }
  return content.excludes.includes(personId)
    ? refused(
        'SELF_APPROVAL',
        `${personId} proposed or edited ${id} or answers for its proposer: someone else must decide`,
      )
    : undefined;
}
