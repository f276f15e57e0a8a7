/**
 * Appending what rests on the policy, on the condition that it is still in force: what commits under a policy was decided under
 * it. A ledger that has no policy of its own yet adopts the configuration's first.
 */
import type { AppendRequest, AppendResult, Appender } from '../../ledger/index.ts';
import { refused, type Refusal } from '../model/refusal.ts';
import { adoptPolicy } from '../policy/adoption.ts';
import type { Governance, PolicyInForce } from '../policy/governance.ts';
import { policyJson } from '../policy/policy-document.ts';
import type { DocumentStore } from '../store/document-store.ts';

export interface AppendUnder {
  /** POLICY_CHANGED: nothing was written. @throws LedgerError, CanonicalError */
  readonly append: (request: AppendRequest) => Promise<AppendResult | Refusal>;
  /** The ledger has a policy of its own when this resolves. POLICY_CHANGED: it had none before. */
  readonly adopted: () => Promise<Refusal | undefined>;
}

export interface AppendUnderDependencies {
  readonly appender: Appender;
  readonly governance: Governance;
  readonly inForce: PolicyInForce;
  readonly states: DocumentStore;
}

export function createAppendUnder({ appender, governance, inForce, states }: AppendUnderDependencies): AppendUnder {
  const adopted: AppendUnder['adopted'] = async () => {
    if (inForce.source === 'ledger') return undefined;
    await adoptPolicy({ document: policyJson(governance.configured), guard: inForce.guard, appender, states });
    return refused('POLICY_CHANGED', 'the ledger has adopted the policy of the configuration');
  };
  return {
    adopted,
    append: async ({ writes = () => [], ...request }) => {
      const refusal = await adopted();
      if (refusal !== undefined) return refusal;
      const result = await appender.append({
        ...request,
        writes: (placed) => {
          const resting = writes(placed);
          return resting === 'withdraw' ? resting : inForce.guard(resting);
        },
      });
      return result.kind === 'precondition' && governance.isCondition(result.failed)
        ? refused('POLICY_CHANGED', 'roster or rules changed meanwhile')
        : result;
    },
  };
}
