/**
 * Serves an engine that keeps the time of change-sets and may only read items. It says which of them have something to do now,
 * by the timers of the policy in force, and how many wait for people. It reads indices and counts, so waiting change-sets cost
 * nothing. Its answers grant nothing, because whoever acts on them reads the ledger.
 */
import type { Clock, ItemStore } from '../../ledger/index.ts';
import { changeQueues, type ChangeQueues } from '../store/approval-queue.ts';
import { dueChanges, type DueChanges, type DueQuery } from './due.ts';
import { parsePolicy } from '../policy/policy-document.ts';
import { createDocumentStore, POLICY_ENTITY } from '../store/document-store.ts';
import type { TimerRules } from './timers.ts';

export interface Timekeeping {
  /** @throws ChangeError CHANGE_INVALID when the policy in force is damaged */
  readonly due: (query: DueQuery) => Promise<DueChanges>;
  readonly queues: () => Promise<ChangeQueues>;
}

export interface TimekeepingDependencies {
  readonly ledger: string;
  readonly items: Pick<ItemStore, 'get' | 'list'>;
  readonly clock: Pick<Clock, 'now'>;
  /** timers of the configuration, until a policy has been adopted */
  readonly configured: TimerRules;
}

export function createTimekeeping({ ledger, items, clock, configured }: TimekeepingDependencies): Timekeeping {
  const states = createDocumentStore(ledger, items);
  const rules = async (): Promise<TimerRules> => {
    const { document, version } = await states.read(POLICY_ENTITY);
    return version === 0 ? configured : parsePolicy(document).risk;
  };
  return {
    due: async (query) => dueChanges({ ledger, items, now: clock.now(), rules: await rules() }, query),
    queues: () => changeQueues(ledger, items, clock.now()),
  };
}
