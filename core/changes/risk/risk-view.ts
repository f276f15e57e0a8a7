/**
 * Explains to people why a change-set has its risk: the rules that matched, whole, with the facts that each of them tested.
 */
import type { AssertionDemand } from '../../assertions/index.ts';
import type { JsonObject } from '../../canonical/index.ts';
import { defined } from '../../values/index.ts';
import type { Eligible } from '../model/quorum.ts';
import type { MatchedRule, RiskTable } from './risk.ts';
import type { Assessment } from '../model/steps.ts';

export interface RiskView extends Pick<Assessment, 'level' | 'roles' | 'approvals' | 'timelockMinutes' | 'policy'> {
  /** soft: may be overridden in an emergency (break-glass) */
  readonly enforcement: 'soft' | 'hard';
  /** names of the rules that matched; none: the default for what no rule matches */
  readonly matched: readonly string[];
  /** the rules that matched, whole; absent when the table in force is no longer the one it was assessed by */
  readonly rules?: readonly MatchedRule[];
  /** the facts that rules of the reached level looked at, by name */
  readonly drivenBy?: readonly string[];
  readonly facts: JsonObject;
  /** since an escalation: further roles that may fill the place of a needed one */
  readonly eligible?: Eligible;
  /** whoever decides signs with an enrolled key; absent: the sign-in is enough */
  readonly assertion?: AssertionDemand;
  /** nobody had to approve, and somebody looks at it afterwards */
  readonly sampled?: true;
  /** once approved: not executed before, ISO 8601 UTC */
  readonly timelockUntil?: string;
}

type Assessed = Pick<Assessment, 'level' | 'roles' | 'approvals' | 'timelockMinutes' | 'policy' | 'matched' | 'facts'> &
  Pick<Partial<Assessment>, 'enforcement' | 'sampled' | 'assertion'>;

export function viewRisk(table: RiskTable, assessment: Assessed): RiskView {
  const { level, roles, approvals, timelockMinutes, policy, matched, facts, enforcement, sampled, assertion } =
    assessment;
  return {
    ...{ level, roles, approvals, timelockMinutes, policy, matched, facts, enforcement: enforcement ?? 'hard' },
    ...defined({ sampled, assertion }),
    ...(policy.hash === table.policy.hash ? explanation(table, assessment) : {}),
  };
}

function explanation(table: RiskTable, { facts, level }: Assessed): Pick<RiskView, 'rules' | 'drivenBy'> {
  const rules = table.explain(facts);
  const deciding = rules.filter((rule) => rule.level === level);
  return { rules, drivenBy: [...new Set(deciding.flatMap(({ because }) => Object.keys(because)))].sort() };
}
