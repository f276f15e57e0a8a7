/** The system's own steps: what carries an approved change-set to its end. They hold no authority. */
import type { ActEdge } from './act-edge.ts';
import { dueChanges, type DueChanges, type DueQuery } from '../workflow/due.ts';
import { advance, runStep, type StepResult } from '../workflow/run-step.ts';
import { orThrow } from '../model/refusal.ts';
import type { StepName } from '../model/workflow.ts';

export interface WorkflowUseCases {
  /** As far as it can go now. Safe to call at any time, any number of times. */
  advance(id: string): Promise<Exclude<StepResult, { kind: 'next' }>>;
  /** One step of the workflow table, for engines that walk it themselves. */
  runStep(step: StepName, id: string): Promise<StepResult>;
  /** Ids of the change-sets that are not at their end, ascending. */
  openIds(page: { readonly after?: string; readonly limit: number }): Promise<readonly string[]>;
  /** Those that have something to do now, each named once, and when the next one will. */
  due(query: DueQuery): Promise<DueChanges>;
}

export function createWorkflowUseCases({ current, withCurrentPolicy }: ActEdge): WorkflowUseCases {
  return {
    advance: async (id) => orThrow((await withCurrentPolicy(advance, id)).outcome),
    runStep: async (step, id) => orThrow((await withCurrentPolicy(runStep, step, id)).outcome),
    openIds: (page) => current().store.ids({ open: true }, page),
    due: (query) => {
      const { ledger, items, clock, risk } = current();
      return dueChanges({ ledger, items, now: clock.now(), rules: risk.config }, query);
    },
  };
}
