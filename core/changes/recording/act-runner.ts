/** Runs an act under one policy: everything that it reads and writes belongs to the policy under which it began, or it begins anew. */
import { createChangeStore } from '../store/change-store.ts';
import { createProvenRecords } from '../store/proven-records.ts';
import { createContext, type ChangesDependencies, type Context } from './context.ts';
import { isRefused, type Refused } from '../model/refusal.ts';
import type { PolicyInForce } from '../policy/governance.ts';
import { createRecordProver } from './prove-record.ts';

/** How often the policy may change under one act before the caller is told. */
const MAX_POLICIES = 8;

/** What it does is recorded, or it says why not: a refusal is never thrown. */
export type Act<Request extends readonly unknown[], Outcome> = (
  context: Context,
  ...request: Request
) => Promise<Outcome | Refused>;

export interface Acted<Outcome> {
  readonly outcome: Outcome | Refused;
  /** for the policy that is at hand now */
  readonly context: Context;
}

export interface ActRunner {
  /** for the policy that is at hand */
  readonly current: () => Context;
  /** Runs the act, and again from its beginning when the policy changed before the act was recorded. */
  readonly withCurrentPolicy: <Request extends readonly unknown[], Outcome>(
    act: Act<Request, Outcome>,
    ...request: Request
  ) => Promise<Acted<Outcome>>;
}

export function createActRunner(deps: ChangesDependencies): ActRunner {
  const { governance } = deps;
  const { entries, ledger, items } = deps;
  const proven = createProvenRecords();
  const store = createChangeStore(ledger, items);
  const prove = createRecordProver({ entries, store, proofs: governance.proofs, proven });
  let made: { readonly under: PolicyInForce; readonly context: Context } | undefined;
  const current = (): Context => {
    const under = governance.inForce();
    if (made?.under !== under) made = { under, context: createContext(deps, under, { prove, proven }) };
    return made.context;
  };
  return {
    current,
    withCurrentPolicy: async (act, ...request) => {
      for (let policies = 1; ; policies++) {
        await governance.refresh(Infinity);
        const under = governance.inForce();
        const outcome = await act(current(), ...request);
        if (!isRefused(outcome) || policies === MAX_POLICIES) return { outcome, context: current() };
        // A refusal counts only under the policy in force: the one at hand may be some seconds old.
        await governance.refresh();
        if (governance.inForce() === under) return { outcome, context: current() };
      }
    },
  };
}
