/** A policy that nobody changes and no ledger records: for tests of what is decided under one. */
import { policyHash } from '../../core/changes/policy-document.ts';
import { createRiskTable } from '../../core/changes/risk.ts';
import type { Governance } from '../../core/changes/index.ts';
import type { RiskConfig } from '../../core/changes/index.ts';
import type { Modules, Policy } from '../../core/policy/index.ts';

export function fixedGovernance(policy: Policy, riskConfig: RiskConfig, modules: Modules = {}): Governance {
  const document = { roster: policy.roster, risk: riskConfig };
  const inForce: ReturnType<Governance['inForce']> = {
    ...{
      source: 'ledger',
      version: 1,
      hash: policyHash(document),
      entry: { seq: 0, hash: '0'.repeat(64) },
      document,
      policy,
      risk: createRiskTable(riskConfig),
    },
    guard: (writes) => writes,
  };
  return {
    ...{ policy, modules, configured: document },
    inForce: () => inForce,
    refresh: async () => {},
    isCondition: () => false,
  };
}
