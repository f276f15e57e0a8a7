/** The acts of people who answer for a change-set: before it runs, past the rules, and afterwards. */
import type { Principal } from '../../policy/index.ts';
import type { Acts } from './acts.ts';
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
  readonly vote: { readonly seq: number; readonly hash: string; readonly at: string };
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

export function createDecisionUseCases({ by, shown, stepped }: Acts): DecisionUseCases {
  const acted =
    (act: typeof revoke) =>
    (principal: Principal, id: string, input: unknown = {}): Promise<ActResult> =>
      shown(principal, (context) => act(context, principal, { id, input }));
  return {
    decide: async (principal, id, input) => {
      const { kind, stored, vote } = await by(principal, (context) => decide(context, principal, { id, input }));
      const { seq, hash, at } = vote;
      return { kind, vote: { seq, hash, at }, change: await stepped(stored) };
    },
    revoke: acted(revoke),
    override: acted(override),
    review: acted(review),
    resolve: acted(resolve),
  };
}
