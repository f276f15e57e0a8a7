/**
 * What registered executors say about the operations that they would carry out. It is advice: it may raise the risk that
 * the system found by itself, and can never lower it, not even by making a rule match where none did.
 */
import { stricterDemand } from '../../assertions/index.ts';
import type { JsonObject } from '../../canonical/index.ts';
import { defined } from '../../values/index.ts';
import { planHash, preconditionHash } from '../operations/executor-answers.ts';
import type { ExecutorCalls } from '../operations/executors.ts';
import type { Risk, RiskTable } from './risk.ts';
import { RISK_LEVELS } from './risk-config.ts';
import { isExternalOperation, type Assessment, type Operation } from '../model/steps.ts';

export interface Advice {
  /** `name@version` of each executor: known from the operations, so not advice itself */
  readonly names: readonly string[];
  /** facts of each plan, in the order of the operations */
  readonly facts: readonly JsonObject[];
  /** for the assessment; absent: no executor is involved */
  readonly plans: Pick<Assessment, 'plans'>;
}

/** Asks every executor that is involved for its plan. @throws ChangeError EXECUTOR_FAILED */
export async function adviceOn(executors: ExecutorCalls, operations: readonly Operation[]): Promise<Advice> {
  const planned = await Promise.all(
    operations.flatMap((operation, index) =>
      isExternalOperation(operation) ? [executors.plan(operation).then((plan) => ({ operation, index, plan }))] : [],
    ),
  );
  const plans = planned.map(({ operation, index, plan }) => ({
    ...{ index, planHash: planHash(operation, plan), precondition: preconditionHash(plan) },
  }));
  return {
    names: [...new Set(planned.map(({ operation }) => operation.executor))].sort(),
    facts: planned.map(({ plan }) => plan.facts),
    plans: plans.length === 0 ? {} : { plans },
  };
}

/** The facts as they are recorded, and the risk by the system's own facts, raised by what the advice adds. */
export function applyAdvice(
  table: Pick<RiskTable, 'assess'>,
  facts: JsonObject,
  advice: Advice,
): { readonly facts: JsonObject; readonly risk: Risk } {
  const { names, facts: plans } = advice;
  if (names.length === 0) return { facts, risk: table.assess(facts) };
  const own = { ...facts, executors: { names: [...names] } };
  const advised = { ...facts, executors: { names: [...names], plans: [...plans] } };
  return { facts: advised, risk: stricterOf(table.assess(own), table.assess(advised)) };
}

/** What either demands. */
function stricterOf(a: Risk, b: Risk): Risk {
  const roles = [...new Set([...a.roles, ...b.roles])].sort();
  return {
    matched: [...new Set([...a.matched, ...b.matched])],
    level: RISK_LEVELS.indexOf(a.level) > RISK_LEVELS.indexOf(b.level) ? a.level : b.level,
    roles,
    approvals: Math.max(a.approvals, b.approvals, roles.length),
    timelockMinutes: Math.max(a.timelockMinutes, b.timelockMinutes),
    enforcement: a.enforcement === 'hard' || b.enforcement === 'hard' ? 'hard' : 'soft',
    ...defined({ assertion: stricterDemand(a.assertion, b.assertion) }),
    policy: a.policy,
  };
}
