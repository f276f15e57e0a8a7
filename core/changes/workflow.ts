/**
 * The workflow of a change-set as data: which task or wait comes after which. An engine (the in-process runner, Step
 * Functions) walks this table and nothing else; it holds no authority, because every task reads the ledger first and a
 * step that does not fit what it finds there answers `moved` and writes nothing.
 */

export const STEP_NAMES = [
  'evaluate',
  'gate',
  'expire',
  'timelock',
  'claim',
  'lock',
  'intend',
  'apply',
  'finish',
  'undo',
  'end',
] as const;
export type StepName = (typeof STEP_NAMES)[number];

/** What each task can answer. */
export type Outcomes = {
  readonly evaluate: 'pending' | 'approved' | 'executing' | 'rolling_back' | 'overdue' | 'ended';
  readonly expire: 'expired' | 'moved';
  readonly claim: 'claimed' | 'returned' | 'locked' | 'early' | 'moved';
  readonly intend: 'intended' | 'complete' | 'failed' | 'rolling_back' | 'moved';
  readonly apply: 'applied' | 'failed' | 'rolling_back' | 'moved';
  readonly finish: 'executed' | 'failed' | 'rolling_back' | 'moved';
  readonly undo: 'undone' | 'rolled_back' | 'rollback_failed' | 'moved';
};
export type TaskName = keyof Outcomes;

/** Waits end at their time or when the change-set is woken, whichever is first; waking early is harmless. */
export type WaitUntil = 'deadline' | 'timelock' | 'retry';

export type WorkflowStep =
  | { readonly kind: 'task'; readonly next: Readonly<Record<string, StepName>> }
  | { readonly kind: 'wait'; readonly until: WaitUntil; readonly next: StepName }
  | { readonly kind: 'end' };

const task = <Outcome extends string>(next: Readonly<Record<Outcome, StepName>>): WorkflowStep => ({
  kind: 'task',
  next,
});

/** Milliseconds until a change-set looks again whether its entity is free, at first and at last. */
const LOCK_RETRY_MIN_MS = 250;
const LOCK_RETRY_MAX_MS = 300_000;
export const FIRST_STEP: StepName = 'evaluate';

export const WORKFLOW: Readonly<Record<StepName, WorkflowStep>> = {
  evaluate: task<Outcomes['evaluate']>({
    pending: 'gate',
    approved: 'timelock',
    executing: 'intend',
    rolling_back: 'undo',
    overdue: 'expire',
    ended: 'end',
  }),
  gate: { kind: 'wait', until: 'deadline', next: 'evaluate' },
  expire: task<Outcomes['expire']>({ expired: 'end', moved: 'evaluate' }),
  timelock: { kind: 'wait', until: 'timelock', next: 'claim' },
  claim: task<Outcomes['claim']>({
    claimed: 'intend',
    returned: 'evaluate',
    locked: 'lock',
    early: 'timelock',
    moved: 'evaluate',
  }),
  lock: { kind: 'wait', until: 'retry', next: 'evaluate' },
  intend: task<Outcomes['intend']>({
    intended: 'apply',
    complete: 'finish',
    failed: 'end',
    rolling_back: 'undo',
    moved: 'evaluate',
  }),
  apply: task<Outcomes['apply']>({ applied: 'intend', failed: 'end', rolling_back: 'undo', moved: 'evaluate' }),
  finish: task<Outcomes['finish']>({ executed: 'end', failed: 'end', rolling_back: 'undo', moved: 'evaluate' }),
  undo: task<Outcomes['undo']>({ undone: 'undo', rolled_back: 'end', rollback_failed: 'end', moved: 'evaluate' }),
  end: { kind: 'end' },
};

/** Who waits for a locked entity looks again after a tenth of the time it has waited: soon at first, rarely for days. */
export function lockRetryMs(waitedMs: number): number {
  return Math.min(LOCK_RETRY_MAX_MS, Math.max(LOCK_RETRY_MIN_MS, Math.round(waitedMs / 10)));
}
