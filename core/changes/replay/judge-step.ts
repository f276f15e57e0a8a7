/** Which question is asked of which step, once the reducer has found that it follows from the steps before it. */
import type { OperationTypes } from '../operations/operations.ts';
import type { ChangeRecord } from '../model/record.ts';
import { initiatorOf, type Principal } from '../../policy/index.ts';
import type { ChangeStep, StepOf } from '../model/steps.ts';
import type { StepType } from '../model/lifecycle.ts';
import type { InForce, KnownDelegation } from './authority.ts';
import { judgeContent } from './judge-content.ts';
import {
  judgeAbort,
  judgeClaim,
  judgeEscalation,
  judgeOverride,
  judgeResolution,
  judgeResolved,
  judgeReview,
  judgeVote,
} from './judge-decision.ts';
import { notTheSystem, otherPerson, principalOf } from './principals.ts';

export interface StepContext {
  readonly ledger: string;
  /** as it stood when the step was recorded */
  readonly delegation: (id: string) => KnownDelegation | undefined;
  readonly inForce: InForce;
  readonly types: OperationTypes;
  /** undefined: the step is the first of its change-set */
  readonly before: ChangeRecord | undefined;
}

/**
 * Steps that were conditional on the policy long before they named it, so their place in the log says which one it was. The
 * others older engines may have recorded under a policy that had just been replaced.
 */
export const ALWAYS_CONDITIONAL: ReadonlySet<StepType> = new Set([
  'change.voted',
  'change.vote-revoked',
  'change.escalated',
  'change.approved',
  'change.overridden',
  'change.claimed',
  'change.aborted',
  'change.resolution',
  'change.reviewed',
] as const);

export function judgeStep(step: ChangeStep, judging: StepContext): string | undefined {
  const { inForce, types, before } = judging;
  if (step.type === 'change.proposed') return judgeContent(step, { inForce, types });
  if (before === undefined) return `${step.type} is about a change-set that does not exist`;
  const deciding = { ...judging, record: before };
  switch (step.type) {
    case 'change.revised':
      return judgeContent(step, { inForce, types, previous: before.content });
    case 'change.withdrawn':
      return judgeWithdrawal(step, inForce, before);
    case 'change.voted':
      return judgeVote(step, deciding);
    case 'change.vote-revoked':
      return otherPerson(inForce, step.actor, step.data.personId);
    case 'change.overridden':
      return judgeOverride(step, deciding);
    case 'change.aborted':
      return judgeAbort(step, deciding);
    case 'change.resolution':
      return judgeResolution(step, deciding);
    case 'change.reviewed':
      return judgeReview(step, deciding);
    case 'change.claimed':
      return notTheSystem(step.actor) ?? judgeClaim(step, deciding);
    case 'change.escalated':
      return notTheSystem(step.actor) ?? judgeEscalation(step, deciding);
    case 'change.resolved-executed':
    case 'change.resolved-rolled-back':
      return notTheSystem(step.actor) ?? judgeResolved(step, deciding);
    default:
      // What follows from steps alone: the reducer has found that it does.
      return notTheSystem(step.actor);
  }
}

function judgeWithdrawal(
  { actor }: StepOf<'change.withdrawn'>,
  inForce: InForce,
  { content, id }: ChangeRecord,
): string | undefined {
  const principal = principalOf(inForce, actor);
  if (typeof principal === 'string') return principal;
  return speaksFor(principal, content) ? undefined : `"${actor.id}" does not speak for the proposer of ${id}`;
}

/** The proposer under any account, or a person who answers for it. */
function speaksFor(principal: Principal, { initiator, excludes }: ChangeRecord['content']): boolean {
  const isAnswerable = principal.kind === 'person' && excludes.includes(principal.personId);
  return isAnswerable || initiatorOf(principal) === initiator;
}
