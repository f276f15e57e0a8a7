/** Acting under one policy: everything an act asks and writes is of the policy it began under, or it begins anew. */
import { PolicyError } from '../../policy/index.ts';
import { createChangeStore } from '../store/change-store.ts';
import { createContext, type ChangesDependencies, type Context } from './context.ts';
import { ChangeError } from '../model/errors.ts';
import type { PolicyInForce } from '../policy/governance.ts';
import { createRecordProver } from './prove-record.ts';

/** How often the policy may change under one act before the caller is told. */
const MAX_POLICIES = 8;

export interface ActRunner {
  /** for the policy that is at hand */
  readonly current: () => Context;
  /** Runs the act, and again from its beginning when the policy changed before the act was recorded. */
  readonly acting: <Result>(act: (context: Context) => Promise<Result>) => Promise<Result>;
}

export function createActRunner(deps: ChangesDependencies): ActRunner {
  const { governance } = deps;
  const { entries, ledger, items } = deps;
  const prover = createRecordProver({ entries, store: createChangeStore(ledger, items), proofs: governance.proofs });
  let made: { readonly under: PolicyInForce; readonly context: Context } | undefined;
  const current = (): Context => {
    const under = governance.inForce();
    if (made?.under !== under) made = { under, context: createContext(deps, under, prover) };
    return made.context;
  };
  return {
    current,
    acting: async (act) => {
      for (let policies = 1; ; policies++) {
        await governance.refresh(Infinity);
        const under = governance.inForce();
        try {
          return await act(current());
        } catch (error) {
          // A refusal counts only under the policy in force: the one at hand may be some seconds old.
          if (!isRefusal(error) || policies === MAX_POLICIES) throw error;
          await governance.refresh();
          if (governance.inForce() === under) throw error;
        }
      }
    },
  };
}

function isRefusal(error: unknown): boolean {
  return error instanceof ChangeError || error instanceof PolicyError;
}
