/** The use cases around the policy in force, behind one object: seeing it, and lending one's vote to somebody else. */
import type { Principal } from '../../policy/index.ts';
import { orThrow } from '../model/refusal.ts';
import { createActRunner } from '../recording/act-runner.ts';
import type { ChangesDependencies } from '../recording/context.ts';
import type { Delegation } from '../store/delegation-store.ts';
import { delegate, endDelegation, listDelegations, type Delegations } from '../decisions/delegation.ts';
import { viewPolicy, type PolicyView } from '../views/policy-view.ts';

export interface PolicyUseCases {
  /** Roster and risk table as they are in force. People only. @throws PolicyError FORBIDDEN */
  policy(principal: Principal): Promise<PolicyView>;
  /** Lets another person cast the caller's vote. @throws ChangeError AGENTS_CANNOT_DECIDE | DELEGATION_INVALID | CHANGE_INVALID */
  delegate(principal: Principal, input: unknown, idempotencyKey?: string): Promise<Delegation>;
  /** Votes that were cast by it and not claimed yet count no more. @throws ChangeError AGENTS_CANNOT_DECIDE | DELEGATION_INVALID */
  endDelegation(principal: Principal, id: string): Promise<Delegation>;
  /** What the caller has given and was given, ended ones included. @throws ChangeError AGENTS_CANNOT_DECIDE */
  delegations(principal: Principal): Promise<Delegations>;
}

export function createPolicyUseCases(deps: ChangesDependencies): PolicyUseCases {
  const { withCurrentPolicy } = createActRunner(deps);
  const { governance } = deps;
  return {
    policy: async (principal) => orThrow((await withCurrentPolicy(viewPolicy, governance, principal)).outcome),
    delegate: async (principal, input, idempotencyKey) =>
      orThrow((await withCurrentPolicy(delegate, { principal, input, idempotencyKey })).outcome),
    endDelegation: async (principal, id) =>
      orThrow((await withCurrentPolicy(endDelegation, { principal, id })).outcome),
    delegations: async (principal) => orThrow((await withCurrentPolicy(listDelegations, principal)).outcome),
  };
}
