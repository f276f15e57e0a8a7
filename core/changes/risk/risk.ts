/**
 * Risk: which rules of the table match the facts, and what all of them together demand. Every matching rule counts and the
 * strictest wins; no match is L3; an error blocks. Deterministic: the same facts and table give the same answer.
 */
import { stricterDemand, type AssertionDemand } from '../../assertions/index.ts';
import type { RiskTableHash } from '../../brands/index.ts';
import type { JsonObject, JsonValue } from '../../canonical/index.ts';
import { matchPattern, parsePattern } from '../../events/index.ts';
import { isJsonObject } from '../model/document.ts';
import { testsOf } from './facts.ts';
import {
  demandOf,
  demandOfTable,
  enforcementOf,
  RISK_LEVELS,
  riskTableHash,
  UNMATCHED,
  type RiskConfig,
  type RiskLevel,
  type RiskRule,
} from './risk-config.ts';
import { defined } from '../../values/index.ts';
import { floorOf, REGISTRY_PREFIX } from './risk-floor.ts';

export interface Risk {
  readonly matched: string[];
  readonly level: RiskLevel;
  readonly roles: string[];
  readonly approvals: number;
  readonly timelockMinutes: number;
  /** soft only when every rule that matched is */
  readonly enforcement: 'soft' | 'hard';
  /** absent: the sign-in of who decides is enough */
  readonly assertion?: AssertionDemand;
  readonly policy: { readonly version: string; readonly hash: RiskTableHash };
}

/** A rule that matched, whole, with what it looked at. */
export interface MatchedRule extends Pick<RiskRule, 'name' | 'level' | 'roles' | 'approvals' | 'timelockMinutes'> {
  readonly enforcement: 'soft' | 'hard';
  readonly assertion?: AssertionDemand;
  readonly when: JsonObject;
  /** the facts it tests, by name, as they were; null: there is none */
  readonly because: JsonObject;
}

export interface RiskTable {
  readonly config: RiskConfig;
  readonly policy: Risk['policy'];
  readonly assess: (facts: JsonObject) => Risk;
  /** The rules that match, in the table's order. */
  readonly explain: (facts: JsonObject) => readonly MatchedRule[];
}

/** The built-in floor as if it were a rule. */
const FLOOR_TEST = (() => {
  const when = { entity: [{ prefix: REGISTRY_PREFIX }] };
  return { enforcement: 'hard' as const, when, pattern: parsePattern(when) };
})();

/** Compiles a table once. */
export function createRiskTable(config: RiskConfig): RiskTable {
  const rules = config.rules.map(({ assertion: demand, ...rule }) => ({
    ...rule,
    ...defined({ assertion: demandOf(demand) }),
    enforcement: enforcementOf(rule),
    pattern: parsePattern(rule.when),
  }));
  const strict = defined({ assertion: demandOfTable(config) });
  const policy = { version: config.version, hash: riskTableHash(config) };
  const matching = (facts: JsonObject): typeof rules => [
    ...rules.filter(({ pattern }) => matchPattern(pattern, facts)),
    ...floorOf(facts['entity']).map((floor) => ({ ...floor, roles: [...floor.roles], ...FLOOR_TEST, ...strict })),
  ];
  return {
    config,
    policy,
    assess: (facts) => {
      const matched = matching(facts);
      const demands = matched.length === 0 ? [{ ...UNMATCHED, ...strict }] : matched;
      const roles = [...new Set(demands.flatMap((demand): readonly string[] => demand.roles))].sort();
      return {
        matched: matched.map(({ name }) => name),
        level: strictest(demands.map(({ level }) => level)),
        roles,
        approvals: Math.max(roles.length, ...demands.map(({ approvals }) => approvals)),
        timelockMinutes: Math.max(...demands.map(({ timelockMinutes }) => timelockMinutes)),
        enforcement: demands.some(({ enforcement }) => enforcement === 'hard') ? 'hard' : 'soft',
        ...defined({ assertion: demands.map(({ assertion }) => assertion).reduce(stricterDemand, undefined) }),
        policy,
      };
    },
    explain: (facts) =>
      matching(facts).map(({ pattern: _compiled, when, ...rule }) => ({
        ...rule,
        when: when as JsonObject,
        because: Object.fromEntries(testsOf(when).map((name) => [name, factAt(facts, name)])),
      })),
  };
}

function factAt(facts: JsonObject, name: string): JsonValue {
  let found: JsonValue | undefined = facts;
  for (const field of name.split('.')) found = isJsonObject(found) ? found[field] : undefined;
  return found ?? null;
}

function strictest(levels: readonly RiskLevel[]): RiskLevel {
  return RISK_LEVELS[Math.max(...levels.map((level) => RISK_LEVELS.indexOf(level)))] ?? 'L4';
}
