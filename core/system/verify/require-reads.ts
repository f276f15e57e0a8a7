/** Who may read a chain: whoever has the right; those of the access journal, auditors alone. */
import { isAccessChain } from '../../ledger/index.ts';
import { PolicyError, type Policy, type Principal } from '../../policy/index.ts';

/** @throws PolicyError FORBIDDEN */
export function requireReads(policy: Policy, principal: Principal, entityId: string): void {
  if (!isAccessChain(entityId)) policy.require(principal, 'reads', entityId);
  else if (!policy.isAuditor(principal)) {
    const message = `"${principal.id}" is not an auditor: who read what is seen by auditors`;
    throw new PolicyError({ code: 'FORBIDDEN', message });
  }
}
