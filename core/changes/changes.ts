/** The use cases of change-sets, behind one object. Shells bring an authenticated principal and untrusted input. */
import { createActEdge } from './use-cases/act-edge.ts';
import type { ChangesDependencies } from './recording/context.ts';
import { createDecisionUseCases, type DecisionUseCases } from './use-cases/decision-use-cases.ts';
import { createProposalUseCases, type ProposalUseCases } from './use-cases/proposal-use-cases.ts';
import { createQueryUseCases, type QueryUseCases } from './use-cases/query-use-cases.ts';
import { createWorkflowUseCases, type WorkflowUseCases } from './use-cases/workflow-use-cases.ts';

/**
 * Every method that writes: @throws ChangeError, PolicyError, CanonicalError: nothing was written. LedgerError
 * STORE_UNAVAILABLE: the outcome is unknown; the same call again (with the same idempotency key or nonce) is safe.
 */
export interface Changes extends ProposalUseCases, DecisionUseCases, WorkflowUseCases, QueryUseCases {}

/** All of them; a process that needs few makes those groups alone. */
export function createChanges(deps: ChangesDependencies): Changes {
  const actEdge = createActEdge(deps);
  return {
    ...createProposalUseCases(actEdge),
    ...createDecisionUseCases(actEdge),
    ...createWorkflowUseCases(actEdge),
    ...createQueryUseCases(actEdge),
  };
}
