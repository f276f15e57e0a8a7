/** Were these people who they say, did they hold what they decided by, and did they decide about what was shown to them? */
import { later, msOf, type EpochMs, type IsoInstant, type PersonId } from '../../brands/index.ts';
import { separationConflict } from '../../policy/index.ts';
import { overrideSignatureRefusal, voteSignatureRefusal, type Signed } from '../model/signed-decisions.ts';
import { activeFreezes } from '../risk/freezes.ts';
import { reviewRefusal } from '../model/post-review.ts';
import { requirementOf, rolesFilled, standingQuorum } from '../model/quorum.ts';
import type { ChangeRecord, StandingVote } from '../model/record.ts';
import { lastWordsFor, resolverRefusal } from '../reducer/reduce-post-execution.ts';
import { floorOf } from '../risk/risk-floor.ts';
import type { StepOf, Vote } from '../model/steps.ts';
import { CLOCK_SLACK_MS, type InForce, type KnownDelegation } from './authority.ts';
import { otherPerson } from './principals.ts';
import { MS_PER_HOUR } from '../../values/index.ts';

export interface DecisionContext {
  readonly ledger: string;
  readonly inForce: InForce;
  /** as it stood when the step was recorded */
  readonly delegation: (id: string) => KnownDelegation | undefined;
  /** before the step */
  readonly record: ChangeRecord;
}

export function judgeVote(step: StepOf<'change.voted'>, deciding: DecisionContext): string | undefined {
  const { inForce, delegation } = deciding;
  const { actor, data, at } = step;
  const { personId, delegate, roles } = data;
  const other = otherPerson(inForce, actor, delegate?.personId ?? personId);
  if (other !== undefined) return other;
  const held = delegate === undefined ? rolesOf(inForce, personId) : lentRoles({ inForce, delegation }, data, at);
  if (typeof held === 'string') return held;
  if (!isSame(roles, held)) return `${personId} decides as ${listed(roles)}, but holds ${listed(held)}`;
  return voteSignatureRefusal(data, signedIn(deciding))?.message;
}

export function judgeOverride(step: StepOf<'change.overridden'>, deciding: DecisionContext): string | undefined {
  const { actor, data } = step;
  const { inForce, record } = deciding;
  const other = otherPerson(inForce, actor, data.personId);
  if (other !== undefined) return other;
  if (!mayOverride(inForce, record, { account: actor.id, personId: data.personId }))
    return `${data.personId} has no right to override on "${record.entityId}"`;
  if (data.ticket.trim() === '' || data.reason.trim() === '') return 'an override names a ticket and a reason';
  if (record.assessment === undefined) return 'nothing was assessed';
  const { assessmentHash } = record.assessment;
  return overrideSignatureRefusal({ ...data, assessmentHash }, signedIn(deciding))?.message;
}

/** Everything is looked at again: who voted, what they hold now, the rules, the freezes. */
export function judgeClaim(step: StepOf<'change.claimed'>, deciding: DecisionContext): string | undefined {
  const { inForce, record } = deciding;
  const { assessment, override } = record;
  if (assessment === undefined) return 'nothing was assessed';
  const requirement = requirementOf(record);
  const isApproved =
    override === undefined
      ? requirement !== undefined && standingQuorum(requirement, votersNow(deciding)).reached
      : !excludedNow(deciding).includes(override.personId) &&
        mayOverride(inForce, record, override) &&
        overrideSignatureRefusal({ ...override, assessmentHash: assessment.assessmentHash }, signedIn(deciding)) ===
          undefined;
  if (!isApproved) return 'by the roster in force the approval lacks people, roles or the right to override';
  if (assessment.policy.hash !== inForce.risk.policy.hash)
    return 'its risk was assessed by rules that are no longer in force';
  const { names } = (assessment.facts['freeze'] ?? { names: [] }) as { readonly names: readonly string[] };
  const frozen = (moment: EpochMs): boolean =>
    activeFreezes(inForce.risk.config.freezes, record.entityId, moment).some((name) => !names.includes(name));
  const at = msOf(step.at);
  return frozen(at) && frozen(later(at, -CLOCK_SLACK_MS))
    ? 'a freeze window is open that it was not assessed in'
    : undefined;
}

export function judgeAbort(
  { actor, data }: StepOf<'change.aborted'>,
  { inForce, record }: DecisionContext,
): string | undefined {
  const other = otherPerson(inForce, actor, data.personId);
  if (other !== undefined) return other;
  const requirement = requirementOf(record);
  const isNeeded = requirement !== undefined && rolesFilled(requirement, rolesOf(inForce, data.personId)).length > 0;
  return isNeeded ? undefined : `${data.personId} holds none of the roles that ${record.id} needed`;
}

export function judgeResolution(step: StepOf<'change.resolution'>, deciding: DecisionContext): string | undefined {
  const { actor, data } = step;
  const { inForce } = deciding;
  const other = otherPerson(inForce, actor, data.personId);
  if (other !== undefined) return other;
  const held = rolesOf(inForce, data.personId);
  if (!isSame(data.roles, held)) return `${data.personId} speaks as ${listed(data.roles)}, but holds ${listed(held)}`;
  return resolverRefusal(asOfNow(deciding), data)?.message;
}

/** Who has left, or lost the role, since they spoke is heard no more. */
export function judgeResolved(
  { type, data }: StepOf<'change.resolved-executed' | 'change.resolved-rolled-back'>,
  deciding: DecisionContext,
): string | undefined {
  const now = asOfNow(deciding);
  const heard = (now.resolutions ?? []).filter(
    ({ personId }) => resolverRefusal(now, { personId, roles: rolesOf(deciding.inForce, personId) }) === undefined,
  );
  const agreeing = lastWordsFor(type === 'change.resolved-executed' ? 'executed' : 'rolled_back', heard);
  return data.resolutions.every((one) => agreeing.includes(one))
    ? undefined
    : 'by the roster in force no two people who may say so agree on it';
}

export function judgeReview({ actor, data }: StepOf<'change.reviewed'>, deciding: DecisionContext): string | undefined {
  const { inForce, record } = deciding;
  const other = otherPerson(inForce, actor, data.personId);
  if (other !== undefined) return other;
  const reader = { kind: 'person', id: actor.id, personId: data.personId } as const;
  if (!inForce.policy.may(reader, 'reads', record.entityId))
    return `${data.personId} may not read "${record.entityId}"`;
  return reviewRefusal(asOfNow(deciding), data.personId)?.message;
}

/** Further roles may help as the rules in force say, and not before they say so. */
export function judgeEscalation(
  step: StepOf<'change.escalated'>,
  { inForce, record }: DecisionContext,
): string | undefined {
  const { escalation } = inForce.risk.config;
  const { assessment, entityId } = record;
  if (escalation === undefined || assessment === undefined || floorOf(entityId).length > 0)
    return 'the rules in force escalate nothing';
  const since = msOf(record.entries.findLast(({ type }) => type === 'change.assessed')?.at ?? record.createdAt);
  if (msOf(step.at) < since + escalation.afterHours * MS_PER_HOUR)
    return `it was escalated before ${escalation.afterHours} h had passed`;
  const { eligible } = step.data;
  const expected = assessment.roles.filter((role) => Object.hasOwn(escalation.roles, role));
  const isAsSaid =
    isSame(Object.keys(eligible).sort(), [...expected].sort()) &&
    expected.every((role) => isSame(eligible[role] ?? [], escalation.roles[role] ?? []));
  return isAsSaid ? undefined : 'it lets other roles help than the rules in force do';
}

/** What the delegate may decide as, or why they may not. */
function lentRoles(
  { inForce, delegation: find }: Pick<DecisionContext, 'inForce' | 'delegation'>,
  { personId, delegate }: Vote,
  at: IsoInstant,
): string[] | string {
  const delegation = delegate && find(delegate.delegation);
  if (delegation === undefined) return `${personId} has given no such delegation`;
  if (delegation.from !== personId || delegation.to !== delegate?.personId)
    return `the delegation is of ${delegation.from} to ${delegation.to}, not of ${personId}`;
  if (delegation.isRevoked) return `${personId} had revoked the delegation`;
  if (msOf(delegation.until) <= msOf(at) - CLOCK_SLACK_MS) return `the delegation ended at ${delegation.until}`;
  const roles = givenRoles(inForce, delegation);
  return apartProblem(inForce, delegation.to, roles) ?? roles;
}

function signedIn({ ledger, record, inForce: { signers } }: DecisionContext): Signed {
  return { ledger, record, signers };
}

/** The votes as they count under the roster in force, and by keys that are still enrolled. */
function votersNow(deciding: DecisionContext): StandingVote[] {
  const { inForce, delegation: find, record } = deciding;
  const excluded = excludedNow(deciding);
  return record.votes.flatMap((vote) => {
    const { personId, delegate } = vote;
    if (voteSignatureRefusal(vote, signedIn(deciding)) !== undefined) return [];
    if (excluded.includes(personId) || (delegate !== undefined && excluded.includes(delegate.personId))) return [];
    if (delegate === undefined) return [{ ...vote, roles: rolesOf(inForce, personId) }];
    const delegation = find(delegate.delegation);
    if (delegation === undefined || delegation.isRevoked || rolesOf(inForce, delegate.personId).length === 0) return [];
    const roles = givenRoles(inForce, delegation);
    return apartProblem(inForce, delegate.personId, roles) === undefined ? [{ ...vote, roles }] : [];
  });
}

export function givenRoles({ policy }: InForce, { from, roles }: Pick<KnownDelegation, 'from' | 'roles'>): string[] {
  return policy
    .rolesOf(from)
    .filter((role) => roles?.includes(role) ?? true)
    .sort();
}

export function apartProblem({ policy }: InForce, to: string, lent: readonly string[]): string | undefined {
  const pair = separationConflict(policy.roster, [...policy.rolesOf(to), ...lent]);
  return pair === undefined
    ? undefined
    : `${to} would act as "${pair[0]}" and "${pair[1]}", which the roster keeps apart`;
}

function mayOverride(
  { policy }: InForce,
  { entityId }: ChangeRecord,
  { account: id, personId }: { readonly account: string; readonly personId: PersonId },
): boolean {
  return policy.may({ kind: 'person', id, personId }, 'overrides', entityId);
}

/** Whoever answers for the proposing agent now has a part in it too. */
function excludedNow({ inForce, record }: DecisionContext): readonly string[] {
  const { content, proposer } = record;
  const owner =
    proposer.kind === 'agent' ? inForce.policy.roster.agents.find(({ id }) => id === proposer.id)?.owner : undefined;
  return owner === undefined ? content.excludes : [...content.excludes, owner];
}

function asOfNow(deciding: DecisionContext): ChangeRecord {
  const { record } = deciding;
  return { ...record, content: { ...record.content, excludes: [...excludedNow(deciding)] } };
}

function rolesOf({ policy }: InForce, personId: PersonId): string[] {
  return [...policy.rolesOf(personId)].sort();
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((each, i) => each === other[i]);
}

function listed(roles: readonly string[]): string {
  return roles.length === 0 ? 'nothing' : roles.join(', ');
}
