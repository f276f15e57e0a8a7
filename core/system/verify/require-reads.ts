/**
 * Who may read a chain: whoever has the right; those of the access journal, auditors alone; those of session keys, whoever may read anything, because
 * nobody verifies what they read without the public keys that signed it.
 */
import { isAccessChain, isSessionKeyChain } from '../../ledger/index.ts';
import { PolicyError, type Policy, type Principal } from '../../policy/index.ts';

/** @throws PolicyError FORBIDDEN */
export function requireReads(policy: Policy, principal: Principal, entityId: string): void {
  if (isSessionKeyChain(entityId) && policy.holds(principal, 'reads')) return;
  if (!isAccessChain(entityId)) policy.require(principal, 'reads', entityId);
  else if (!policy.isAuditor(principal)) {
    const message = `"${principal.id}" is not an auditor: who read what is seen by auditors`;
    throw new PolicyError({ code: 'FORBIDDEN', message });
  }
}
