/** The level that a series of change-sets of one day reaches, each assessed with those before it. */
import { ChangeError } from '../model/errors.ts';
import { factsOf } from '../risk/facts.ts';
import type { RecentChange } from '../store/recent-changes.ts';
import type { Document } from '../model/document.ts';
import type { RiskLevel } from '../risk/risk-config.ts';
import type { RiskTable } from '../risk/risk.ts';
import type { Operation } from '../model/steps.ts';

export interface PlannedChange {
  readonly entityId: string;
  readonly before: Document;
  /** the document after each operation */
  readonly after: readonly Document[];
  /** default: `state.put` for each document */
  readonly operations?: readonly Operation[];
  /** for people */
  readonly says: string;
}

export type Plan = readonly PlannedChange[];
/** `refused`: one of them cannot be assessed, so nobody can approve it */
export type PlanLevel = RiskLevel | 'refused';

const INITIATOR = 'person:lint';
const ORDER: readonly PlanLevel[] = ['L0', 'L1', 'L2', 'L3', 'L4', 'refused'];

export function levelOfPlan(table: RiskTable, plan: Plan): PlanLevel {
  const { moneyPaths, sensitivePaths, knownPaths } = table.config;
  const done: RecentChange[] = [];
  let highest: PlanLevel = 'L0';
  for (const { entityId, before, after, operations = after.map(put) } of plan) {
    try {
      const facts = factsOf({
        ...{ entityId, initiator: INITIATOR, operations, before, after, moneyPaths, sensitivePaths, knownPaths },
        ...{ byInitiator: done, onEntity: done.filter((one) => one.entityId === entityId), freezes: [] },
        erases: false,
      });
      const named = operations.filter(({ type }) => type === 'executor.invoke').map(({ executor }) => executor);
      const { level } = table.assess(named.length === 0 ? facts : { ...facts, executors: { names: named } });
      if (ORDER.indexOf(level) > ORDER.indexOf(highest)) highest = level;
      const { moved } = facts['money'] as { readonly moved: number };
      done.push({ entityId, moved });
    } catch (error) {
      if (error instanceof ChangeError) return 'refused';
      throw error;
    }
  }
  return highest;
}

function put(document: Document): Operation {
  return {
    ...{ type: document === null ? 'state.delete' : 'state.put', payload: document ?? {} },
    ...{ executor: 'state.put@1', inverse: 'restore-before-image' },
  };
}
