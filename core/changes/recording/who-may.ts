/** Who may do what on a change-set, by the roster in force. */
import { initiatorOf, type Principal } from '../../policy/index.ts';
import type { Context } from './context.ts';
import { requirementOf, rolesFilled } from '../model/quorum.ts';
import type { ChangeRecord } from '../model/record.ts';
import { refused, type Refusal } from '../model/refusal.ts';

/** All that is asked of the policy, whoever asks. */
export type UnderPolicy = Pick<Context, 'policy'>;

/** Said to an agent or a module. */
export function peopleOnly({ kind, id }: Principal, act: string): Refusal {
  return refused('AGENTS_CANNOT_DECIDE', `${kind} "${id}" cannot ${act}: ask a person`);
}

/** The proposer, under any account, or a person who answers for it. */
export function speaksForProposer(principal: Principal, { content }: ChangeRecord): boolean {
  return (
    initiatorOf(principal) === content.initiator ||
    (principal.kind === 'person' && content.excludes.includes(principal.personId))
  );
}

/** People who may not decide: those recorded, and who answers for the proposing agent today. */
export function excludedNow({ policy }: UnderPolicy, { content, proposer }: ChangeRecord): readonly string[] {
  const owner = policy.roster.agents.find(({ id }) => proposer.kind === 'agent' && id === proposer.id)?.owner;
  return owner === undefined ? content.excludes : [...content.excludes, owner];
}

/** The record as it would be if it were proposed today: whoever answers for the proposer now has a part in it too. */
export function withExcludedNow(context: UnderPolicy, record: ChangeRecord): ChangeRecord {
  return { ...record, content: { ...record.content, excludes: [...excludedNow(context, record)] } };
}

/** The person has a role that the assessment in force asks for, or one that an escalation lets help. */
export function holdsNeededRole({ policy }: UnderPolicy, principal: Principal, record: ChangeRecord): boolean {
  const needed = requirementOf(record);
  return (
    principal.kind === 'person' &&
    needed !== undefined &&
    rolesFilled(needed, policy.rolesOf(principal.personId)).length > 0
  );
}
