/**
 * Where a change-set stands, for engines that keep its workflow going: what the workflow has to do next, and the version of
 * the record this was read from. Needs nothing but to read items: who asks may do no more than that.
 */
import { msOf, type EpochMs, type IsoInstant } from '../../brands/index.ts';
import type { Clock, ItemStore } from '../../ledger/index.ts';
import { createChangeStore } from '../store/change-store.ts';
import type { ChangeState } from '../model/lifecycle.ts';
import type { ChangeRecord } from '../model/record.ts';
import type { Outcomes } from '../model/workflow.ts';

export interface WorkflowStatus {
  readonly id: string;
  /** grows with every step: what was decided on an older version may be decided otherwise now */
  readonly version: number;
  readonly state: ChangeState;
  /** what the table's first task would answer, timers aside; `ended`: the workflow has nothing to do, though people may */
  readonly doing: Outcomes['evaluate'];
  /** ISO 8601 */
  readonly createdAt: IsoInstant;
  /** ISO 8601, when its last step was recorded */
  readonly updatedAt: IsoInstant;
}

export interface WorkflowStatuses {
  /** Strongly consistent. */
  readonly of: (id: string) => Promise<WorkflowStatus | undefined>;
  /** Ids of the change-sets that are not at their end, ascending. */
  readonly openIds: (page: { readonly after?: string; readonly limit: number }) => Promise<readonly string[]>;
}

export function createWorkflowStatuses(deps: {
  readonly ledger: string;
  readonly items: Pick<ItemStore, 'get' | 'list'>;
  readonly clock: Pick<Clock, 'now'>;
}): WorkflowStatuses {
  const store = createChangeStore(deps.ledger, deps.items);
  return {
    of: async (id) => {
      const stored = await store.find(id);
      if (stored === undefined) return undefined;
      const { state, createdAt, updatedAt } = stored.record;
      const doing = evaluate(stored.record, deps.clock.now());
      return { id, version: stored.version, state, doing, createdAt, updatedAt };
    },
    openIds: (page) => store.ids({ open: true }, page),
  };
}

/** What the workflow has to do with a change-set at the time `now` (milliseconds since the Unix epoch). */
export function evaluate({ state, content }: ChangeRecord, now: EpochMs): Outcomes['evaluate'] {
  switch (state) {
    case 'draft':
    case 'pending':
    case 'approved':
      if (now >= msOf(content.deadline)) return 'overdue';
      return state === 'approved' ? 'approved' : 'pending';
    case 'executing':
    case 'rolling_back':
      return state;
    case 'executed':
    case 'failed':
    case 'rolled_back':
    case 'rollback_failed':
    case 'rejected':
    case 'cancelled':
    case 'expired':
      return 'ended';
  }
}
