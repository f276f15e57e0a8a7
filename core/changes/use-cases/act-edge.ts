/**
 * The edge of every act on a change-set: it goes in under the policy in force, and what it was refused with is thrown here, after
 * what an agent may not do was told. What was done is shown.
 */
import type { Principal } from '../../policy/index.ts';
import { isRefused, orThrow } from '../model/refusal.ts';
import { createActRunner, type Act, type ActRunner } from '../recording/act-runner.ts';
import type { StoredChange } from '../store/change-store.ts';
import type { ChangesDependencies } from '../recording/context.ts';
import { viewChange, type ChangeView } from '../views/view.ts';
import { createViolationTeller } from '../recording/violations.ts';

export interface ActEdge extends ActRunner {
  /** The act of this principal, and the change-set after it; tells the engine of the step. @throws ChangeError, PolicyError */
  readonly run: <Request, Done extends { readonly stored: StoredChange }>(
    principal: Principal,
    act: Act<readonly [Principal, Request], Done>,
    request: Request,
  ) => Promise<Omit<Done, 'stored'> & { readonly change: ChangeView }>;
}

export function createActEdge(deps: ChangesDependencies): ActEdge {
  const { current, withCurrentPolicy } = createActRunner(deps);
  const tellViolation = createViolationTeller(deps);
  return {
    ...{ current, withCurrentPolicy },
    run: async (principal, act, request) => {
      const { outcome, context } = await withCurrentPolicy(act, principal, request);
      if (isRefused(outcome)) await tellViolation(principal, outcome);
      const { stored, ...done } = orThrow(outcome);
      deps.onStep?.(stored.record.id);
      return { ...done, change: await viewChange(context, stored.record) };
    },
  };
}
