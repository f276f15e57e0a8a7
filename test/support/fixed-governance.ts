/** A policy that nobody changes and no ledger records: for tests of what is decided under one. */
import type { ChainHash } from '../../core/brands/index.ts';
import { policyHash } from '../../core/changes/policy/policy-document.ts';
import { createDelegationReplay } from '../../core/changes/policy/delegations-in-force.ts';
import type { Proofs } from '../../core/changes/store/proofs.ts';
import { parseEntry } from '../../core/ledger/index.ts';
import { createRiskTable } from '../../core/changes/risk/risk.ts';
import type { Governance } from '../../core/changes/index.ts';
import type { RiskConfig } from '../../core/changes/index.ts';
import type { Modules, Policy } from '../../core/policy/index.ts';
import { checked } from './checked.ts';

/** Believes every entry that can be read. */
const believing: Proofs = {
  origin: 'ledger.test/main',
  verifier: () => ({
    check: async ({ note, chain: entity, seq }) => {
      const parsed = parseEntry(note);
      return parsed.kind === 'entry'
        ? { kind: 'sound', body: parsed.body }
        : { kind: 'bad', finding: { verdict: 'UNREADABLE', entity, seq, detail: parsed.reason } };
    },
  }),
  onTamper: () => {},
};

export function fixedGovernance(policy: Policy, riskConfig: RiskConfig, modules: Modules = {}): Governance {
  const document = { roster: policy.roster, risk: riskConfig };
  const inForce: ReturnType<Governance['inForce']> = {
    ...{
      source: 'ledger',
      version: 1,
      hash: policyHash(document),
      entry: { seq: 0, hash: checked<ChainHash>('0'.repeat(64)) },
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
    delegations: createDelegationReplay({
      ...believing,
      entries: { head: async () => undefined, read: async () => [] },
    }),
    proofs: believing,
  };
}
