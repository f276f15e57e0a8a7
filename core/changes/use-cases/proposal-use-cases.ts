/** The acts that begin a change-set, alter it, and call it off. */
import type { Principal } from '../../policy/index.ts';
import { orThrow } from '../model/refusal.ts';
import type { ActEdge } from './act-edge.ts';
import { dryRun, type DryRun } from '../proposals/dry-run.ts';
import { propose, revise, type IsExpected, type RevisionRequest, type Turns } from '../proposals/propose.ts';
import { revert } from '../proposals/revert.ts';
import { abort, withdraw } from '../proposals/stop.ts';
import type { ChangeView } from '../views/view.ts';

export interface ProposeResult {
  /** `existing`: the idempotency key was used before, for the same content; nothing was written */
  readonly kind: 'created' | 'existing';
  readonly change: ChangeView;
}

export type RevisionOptions = Pick<RevisionRequest, 'idempotencyKey' | 'isExpected'>;

export interface ProposalUseCases {
  /** @param isExpected of the version of the document that it is assessed on. @throws ChangeError also DOCUMENT_CHANGED */
  propose(
    principal: Principal,
    input: unknown,
    idempotencyKey?: string,
    isExpected?: IsExpected,
  ): Promise<ProposeResult>;
  /** A dry run: what proposing this would mean. Writes nothing. */
  assess(principal: Principal, input: unknown): Promise<DryRun>;
  /** @throws ChangeError also DOCUMENT_CHANGED, if the document is not one that `isExpected` takes */
  revise(principal: Principal, id: string, input: unknown, given?: RevisionOptions): Promise<ChangeView>;
  /** Proposes, as a new change-set, to take an executed one back. */
  revert(principal: Principal, id: string, input: unknown, idempotencyKey?: string): Promise<ProposeResult>;
  withdraw(principal: Principal, id: string, input?: unknown, idempotencyKey?: string): Promise<ChangeView>;
  abort(principal: Principal, id: string, input: unknown, idempotencyKey?: string): Promise<ChangeView>;
}

export function createProposalUseCases({ current, run }: ActEdge): ProposalUseCases {
  const turns: Turns = new Map();
  return {
    propose: (principal, input, idempotencyKey, isExpected) =>
      run(principal, propose, { input, idempotencyKey, turns, isExpected }),
    assess: async (principal, input) => orThrow(await dryRun(current(), principal, input)),
    revise: async (principal, id, input, given) => (await run(principal, revise, { id, input, ...given })).change,
    revert: (principal, id, input, idempotencyKey) => run(principal, revert, { id, input, idempotencyKey, turns }),
    withdraw: async (principal, id, input = {}, idempotencyKey) =>
      (await run(principal, withdraw, { id, input, idempotencyKey })).change,
    abort: async (principal, id, input, idempotencyKey) =>
      (await run(principal, abort, { id, input, idempotencyKey })).change,
  };
}
