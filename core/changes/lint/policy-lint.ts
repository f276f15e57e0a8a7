/**
 * Looks for ways around a risk table: change-sets that reach a lower level than a stricter sibling with the same effect, by being
 * split, spread over entities, written under another name or deeper, with another sign, in another order, or by an executor that
 * says nothing. A search: seeded, bounded, and what it finds is a witness. What it does not find may still be there.
 */
import type { PolicyDocument } from '../policy/policy-document.ts';
import { casesOf, type Case, type LintKind } from './policy-lint-cases.ts';
import { levelOfPlan, type Plan, type PlanLevel } from './policy-lint-plan.ts';
import { createRiskTable } from '../risk/risk.ts';

export interface LintFinding {
  readonly kind: LintKind;
  /** what it should be as strict as, in words, with its level */
  readonly stricter: { readonly steps: readonly string[]; readonly level: PlanLevel };
  /** the way around */
  readonly weaker: { readonly steps: readonly string[]; readonly level: PlanLevel };
  /** a change of the table that closes it */
  readonly add: string;
}

export interface LintReport {
  readonly seed: number;
  /** pairs that were compared */
  readonly compared: number;
  /** the first of each kind */
  readonly findings: readonly LintFinding[];
}

export interface LintOptions {
  /** default 1: the same seed, the same search */
  readonly seed?: number;
  /** random amounts tried beside those that the table names; default 20, at most 1,000 */
  readonly runs?: number;
}

const DEFAULT_RUNS = 20;
const MAX_RUNS = 1_000;
const RANK: Readonly<Record<PlanLevel, number>> = { L0: 0, L1: 1, L2: 2, L3: 3, L4: 4, refused: 5 };

export function lintPolicy({ risk }: Pick<PolicyDocument, 'risk'>, options: LintOptions = {}): LintReport {
  const { seed = 1, runs = DEFAULT_RUNS } = options;
  const table = createRiskTable(risk);
  const found = new Map<LintKind, LintFinding>();
  let compared = 0;
  const level = (plan: Plan): PlanLevel => levelOfPlan(table, plan);
  for (const one of casesOf(risk, { seed, runs: Math.min(Math.max(runs, 0), MAX_RUNS) })) {
    if (found.has(one.kind)) continue;
    compared += 1;
    const [stricter, weaker] = [level(one.stricter), level(one.weaker)];
    if (RANK[weaker] < RANK[stricter]) found.set(one.kind, findingOf(one, stricter, weaker));
  }
  return { seed, compared, findings: [...found.values()] };
}

function findingOf({ kind, stricter, weaker, add }: Case, strict: PlanLevel, weak: PlanLevel): LintFinding {
  const stepsOf = (plan: Plan): string[] => plan.map(({ says }) => says);
  return {
    kind,
    stricter: { steps: stepsOf(stricter), level: strict },
    weaker: { steps: stepsOf(weaker), level: weak },
    add: add(strict),
  };
}
