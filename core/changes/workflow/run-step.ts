/** Runs one step of the workflow table: reads the change-set from the ledger, lets the step's task act, names what comes next. */
import { msOf } from '../../brands/index.ts';
import { SYSTEM_ACTOR } from '../../ledger/index.ts';
import type { StoredChange } from '../store/change-store.ts';
import { claim } from '../execution/claim.ts';
import type { Context } from '../recording/context.ts';
import { apply, finish, intend } from '../execution/execution.ts';
import type { ChangeState } from '../model/lifecycle.ts';
import type { ChangeRecord } from '../model/record.ts';
import { isRefused, noSuchChange, refused, type Refusal } from '../model/refusal.ts';
import { undo } from '../execution/rollback.ts';
import { writeStep } from '../execution/write-step.ts';
import { evaluate } from './workflow-status.ts';
import { escalate, nextTimer, remind } from './timers.ts';
import {
  FIRST_STEP,
  retryMs,
  WORKFLOW,
  type Outcomes,
  type StepName,
  type TaskName,
  type WaitUntil,
} from '../model/workflow.ts';

export type StepResult =
  | { readonly kind: 'next'; readonly step: StepName }
  /** until: milliseconds since the Unix epoch; being woken ends the wait too */
  | { readonly kind: 'wait'; readonly step: StepName; readonly until: number }
  | { readonly kind: 'end'; readonly state: ChangeState };

/** Steps of one `advance` before something must be wrong. */
const MAX_STEPS = 1000;

type Task<Name extends TaskName> = (context: Context, current: StoredChange) => Promise<Outcomes[Name] | Refusal>;

const TASKS: { readonly [Name in TaskName]: Task<Name> } = {
  evaluate: async ({ clock, risk }, { record }) => {
    const doing = evaluate(record, clock.now());
    const timer = doing === 'pending' ? nextTimer(record, risk.config) : undefined;
    return timer !== undefined && clock.now() >= timer.at ? timer.kind : doing;
  },
  remind,
  escalate,
  expire,
  claim,
  intend,
  apply,
  finish,
  undo,
};

/** Tasks that change something by what the record says. */
const EFFECTIVE_STEPS: ReadonlySet<StepName> = new Set(['intend', 'apply', 'undo'] as const);

/** @throws LedgerError: the outcome may be unknown, run `evaluate` again */
export async function runStep(context: Context, name: StepName, id: string): Promise<StepResult | Refusal> {
  const current = await context.store.find(id);
  if (current === undefined) return noSuchChange(id);
  const step = WORKFLOW[name];
  switch (step.kind) {
    case 'end':
      return { kind: 'end', state: current.record.state };
    case 'wait':
      return { kind: 'wait', step: step.next, until: waitEnd(context, current.record, step.until) };
    case 'task': {
      const unproven = EFFECTIVE_STEPS.has(name) ? await context.prove(current) : undefined;
      const outcome = unproven ?? (await TASKS[name as TaskName](context, current));
      if (isRefused(outcome)) return outcome;
      return { kind: 'next', step: step.next[outcome] ?? FIRST_STEP };
    }
  }
}

/** Goes on from wherever the ledger says it is until there is something to wait for, or the end. */
export async function advance(context: Context, id: string): Promise<Exclude<StepResult, { kind: 'next' }> | Refusal> {
  let step = FIRST_STEP;
  for (let steps = 0; steps < MAX_STEPS; steps++) {
    const result = await runStep(context, step, id);
    if (
      result.kind === 'refused' ||
      result.kind === 'end' ||
      (result.kind === 'wait' && result.until > context.clock.now())
    )
      return result;
    step = result.step;
  }
  return refused('CHANGE_BUSY', `${id} did not come to rest in ${MAX_STEPS} steps`);
}

async function expire(context: Context, current: StoredChange): Promise<Outcomes['expire'] | Refusal> {
  const { id, state, content } = current.record;
  const isOpen = state === 'pending' || state === 'approved';
  if (!isOpen || context.clock.now() < msOf(content.deadline)) return 'moved';
  const data = { change: id, revision: content.revision, deadline: content.deadline };
  return writeStep(context, current, { steps: [{ type: 'change.expired', actor: SYSTEM_ACTOR, data }] }, 'expired');
}

function waitEnd({ clock, risk }: Context, record: ChangeRecord, until: WaitUntil): number {
  const { content, approval } = record;
  const timelockUntil = msOf(approval?.timelockUntil ?? content.deadline);
  switch (until) {
    case 'timer':
      return Math.min(nextTimer(record, risk.config)?.at ?? Infinity, msOf(content.deadline));
    case 'timelock':
      return timelockUntil;
    case 'retry': {
      const since = record.claim === undefined ? timelockUntil : msOf(record.updatedAt);
      return clock.now() + retryMs(clock.now() - since);
    }
  }
}
