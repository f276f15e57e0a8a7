/** The acts of people who answer for a change-set: before it runs, past the rules, and afterwards. */
import type { ChainHash, IsoInstant } from '../../brands/index.ts';
import type { Principal } from '../../policy/index.ts';
import type { ActEdge } from './act-edge.ts';
import { decide } from '../decisions/decide.ts';
import { override } from '../decisions/override.ts';
import { resolve } from '../decisions/resolve.ts';
import { review } from '../decisions/review.ts';
import { revoke } from '../decisions/revoke.ts';
import type { ChangeView } from '../views/view.ts';

export interface DecideResult {
  /** `recorded`: this very decision was recorded before; nothing was written */
  readonly kind: 'decided' | 'recorded';
  /** the entry of the vote */
  readonly vote: { readonly seq: number; readonly hash: ChainHash; readonly at: IsoInstant };
  readonly change: ChangeView;
}

export interface ActResult {
  /** `recorded`: this very act was recorded before; nothing was written */
  readonly kind: 'done' | 'recorded';
  readonly change: ChangeView;
}

export interface DecisionUseCases {
  decide(principal: Principal, id: string, input: unknown): Promise<DecideResult>;
  /** Takes back the caller's own vote, until the change-set runs. */
  revoke(principal: Principal, id: string, input?: unknown): Promise<ActResult>;
  /** Break-glass: approves alone what only soft rules hold up; reviewed afterwards. */
  override(principal: Principal, id: string, input: unknown): Promise<ActResult>;
  /** Says whether an override, or what nobody approved, was justified. */
  review(principal: Principal, id: string, input: unknown): Promise<ActResult>;
  /** Says what became of a failed rollback; two who agree end it. */
  resolve(principal: Principal, id: string, input: unknown): Promise<ActResult>;
}

export function createDecisionUseCases({ run }: ActEdge): DecisionUseCases {
  return {
    decide: async (principal, id, input) => {
      const { kind, vote, change } = await run(principal, decide, { id, input });
      const { seq, hash, at } = vote;
      return { kind, vote: { seq, hash, at }, change };
    },
    revoke: (principal, id, input = {}) => run(principal, revoke, { id, input }),
    override: (principal, id, input) => run(principal, override, { id, input }),
    review: (principal, id, input) => run(principal, review, { id, input }),
    resolve: (principal, id, input) => run(principal, resolve, { id, input }),
  };
}
