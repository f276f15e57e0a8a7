/**
 * Risk: which rules of the table match the facts, and what all of them together demand. Every matching rule counts and the
 * strictest wins; no match is L3; an error blocks. Deterministic: the same facts and table give the same answer.
 */
import type { JsonObject } from '../canonical/index.ts';
import { matchPattern, parsePattern } from '../events/index.ts';
import { RISK_LEVELS, riskTableHash, UNMATCHED, type RiskConfig, type RiskLevel } from './risk-config.ts';

export interface Risk {
  readonly matched: string[];
  readonly level: RiskLevel;
  readonly roles: string[];
  readonly approvals: number;
  readonly timelockMinutes: number;
  readonly policy: { readonly version: string; readonly hash: string };
}

export interface RiskTable {
  readonly config: RiskConfig;
  readonly policy: Risk['policy'];
  readonly assess: (facts: JsonObject) => Risk;
}

/** Compiles a table once. */
export function createRiskTable(config: RiskConfig): RiskTable {
  const rules = config.rules.map((rule) => ({ ...rule, pattern: parsePattern(rule.when) }));
  const policy = { version: config.version, hash: riskTableHash(config) };
  return {
    config,
    policy,
    assess: (facts) => {
      const matching = rules.filter(({ pattern }) => matchPattern(pattern, facts));
      const demands = matching.length === 0 ? [UNMATCHED] : matching;
      const roles = [...new Set(demands.flatMap((demand): readonly string[] => demand.roles))].sort();
      return {
        matched: matching.map(({ name }) => name),
        level: strictest(demands.map(({ level }) => level)),
        roles,
        approvals: Math.max(roles.length, ...demands.map(({ approvals }) => approvals)),
        timelockMinutes: Math.max(...demands.map(({ timelockMinutes }) => timelockMinutes)),
        policy,
      };
    },
  };
}

function strictest(levels: readonly RiskLevel[]): RiskLevel {
  return RISK_LEVELS[Math.max(...levels.map((level) => RISK_LEVELS.indexOf(level)))] ?? 'L4';
}
