/**
 * The workflow of a change-set as data: which task or wait comes after which. An engine (the in-process runner, Step
 * Functions) walks this table and nothing else; it holds no authority, because every task reads the ledger first and a
 * step that does not fit what it finds there answers `moved` and writes nothing.
 */

export const STEP_NAMES = [
  'evaluate',
  'gate',
  'remind',
  'escalate',
  'expire',
  'timelock',
  'claim',
  'lock',
  'intend',
  'apply',
  'finish',
  'settle',
  'undo',
  'end',
] as const;
export type StepName = (typeof STEP_NAMES)[number];

/** What each task can answer. */
export type Outcomes = {
  readonly evaluate:
    'pending' | 'reminder' | 'escalation' | 'approved' | 'executing' | 'rolling_back' | 'overdue' | 'ended';
  readonly remind: 'reminded' | 'moved';
  readonly escalate: 'escalated' | 'moved';
  readonly expire: 'expired' | 'moved';
  readonly claim: 'claimed' | 'returned' | 'locked' | 'early' | 'moved';
  readonly intend: 'intended' | 'complete' | 'unsettled' | 'failed' | 'rolling_back' | 'moved';
  readonly apply: 'applied' | 'unsettled' | 'failed' | 'rolling_back' | 'moved';
  readonly finish: 'executed' | 'failed' | 'rolling_back' | 'moved';
  readonly undo: 'undone' | 'unsettled' | 'rolled_back' | 'rollback_failed' | 'moved';
};
export type TaskName = keyof Outcomes;

/** Waits end at their time or when the change-set is woken, whichever is first; waking early is harmless. */
export type WaitUntil = 'timer' | 'timelock' | 'retry';

export type WorkflowStep =
  | { readonly kind: 'task'; readonly next: Readonly<Record<string, StepName>> }
  | { readonly kind: 'wait'; readonly until: WaitUntil; readonly next: StepName }
  | { readonly kind: 'end' };

const task = <Outcome extends string>(next: Readonly<Record<Outcome, StepName>>): WorkflowStep => ({
  kind: 'task',
  next,
});

/** Milliseconds until a change-set looks again (is its entity free, does an executor answer), at first and at last. */
const RETRY_MIN_MS = 250;
const RETRY_MAX_MS = 300_000;
export const FIRST_STEP: StepName = 'evaluate';

export const WORKFLOW: Readonly<Record<StepName, WorkflowStep>> = {
  evaluate: task<Outcomes['evaluate']>({
    pending: 'gate',
    reminder: 'remind',
    escalation: 'escalate',
    approved: 'timelock',
    executing: 'intend',
    rolling_back: 'undo',
    overdue: 'expire',
    ended: 'end',
  }),
  // Until the next reminder, the escalation or the deadline.
  gate: { kind: 'wait', until: 'timer', next: 'evaluate' },
  remind: task<Outcomes['remind']>({ reminded: 'evaluate', moved: 'evaluate' }),
  escalate: task<Outcomes['escalate']>({ escalated: 'evaluate', moved: 'evaluate' }),
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
    unsettled: 'settle',
    failed: 'end',
    rolling_back: 'undo',
    moved: 'evaluate',
  }),
  apply: task<Outcomes['apply']>({
    applied: 'intend',
    unsettled: 'settle',
    failed: 'end',
    rolling_back: 'undo',
    moved: 'evaluate',
  }),
  // An executor has given no answer that settles anything: it is asked again, seldomer and seldomer.
  settle: { kind: 'wait', until: 'retry', next: 'evaluate' },
  finish: task<Outcomes['finish']>({ executed: 'end', failed: 'end', rolling_back: 'undo', moved: 'evaluate' }),
  undo: task<Outcomes['undo']>({
    undone: 'undo',
    unsettled: 'settle',
    rolled_back: 'end',
    rollback_failed: 'end',
    moved: 'evaluate',
  }),
  end: { kind: 'end' },
};

/** Who waits for others looks again after a tenth of the time it has waited: soon at first, rarely for days. */
export function retryMs(waitedMs: number): number {
  return Math.min(RETRY_MAX_MS, Math.max(RETRY_MIN_MS, Math.round(waitedMs / 10)));
}
