/**
 * The life of a change-set: one table from state and step to the next state. What is not in the table is refused, so the
 * table is total. It knows no guard: who may take a step, and when, is decided where the step is made and by the reducer.
 */

export const CHANGE_STATES = [
  'draft',
  'pending',
  'approved',
  'executing',
  'rolling_back',
  'executed',
  'failed',
  'rolled_back',
  'rollback_failed',
  'rejected',
  'cancelled',
  'expired',
] as const;
export type ChangeState = (typeof CHANGE_STATES)[number];

/** The types of the entries a change-set writes on its entity's chain. */
export const STEP_TYPES = [
  'change.proposed',
  'change.revised',
  'change.assessed',
  'change.voted',
  'change.vote-revoked',
  'change.reminded',
  'change.escalated',
  'change.overridden',
  'change.approved',
  'change.rejected',
  'change.returned',
  'change.withdrawn',
  'change.expired',
  'change.claimed',
  'change.intent',
  'change.applied',
  'change.not-applied',
  'change.executed',
  'change.failed',
  'change.aborted',
  'change.rolling-back',
  'change.undone',
  'change.rolled-back',
  'change.rollback-failed',
  'change.resolution',
  'change.resolved-executed',
  'change.resolved-rolled-back',
  'change.reviewed',
] as const;
export type StepType = (typeof STEP_TYPES)[number];

/** Steps that decide something carry the root signature beside the session key's. */
export const ROOT_SIGNED: ReadonlySet<StepType> = new Set([
  'change.approved',
  'change.rejected',
  'change.claimed',
  'change.executed',
  'change.rolled-back',
  'change.rollback-failed',
  'change.overridden',
  'change.resolved-executed',
  'change.resolved-rolled-back',
] as const);

type Row = { readonly [Step in StepType]?: ChangeState };

/** `none`: before the first entry. A change-set is a draft until it is assessed; both happen in one transaction. */
export const TRANSITIONS: { readonly [State in ChangeState | 'none']: Row } = {
  none: { 'change.proposed': 'draft' },
  draft: { 'change.revised': 'draft', 'change.assessed': 'pending', 'change.withdrawn': 'cancelled' },
  pending: {
    'change.voted': 'pending',
    'change.vote-revoked': 'pending',
    'change.reminded': 'pending',
    'change.escalated': 'pending',
    'change.overridden': 'approved',
    'change.revised': 'pending',
    'change.assessed': 'pending',
    'change.approved': 'approved',
    'change.rejected': 'rejected',
    'change.withdrawn': 'cancelled',
    'change.expired': 'expired',
  },
  approved: {
    'change.claimed': 'executing',
    // During the time lock a veto still counts, and who approved may think again.
    'change.voted': 'approved',
    'change.rejected': 'rejected',
    'change.vote-revoked': 'pending',
    'change.returned': 'pending',
    'change.withdrawn': 'cancelled',
    'change.expired': 'expired',
  },
  executing: {
    'change.intent': 'executing',
    'change.applied': 'executing',
    'change.not-applied': 'executing',
    'change.executed': 'executed',
    'change.failed': 'failed',
    'change.aborted': 'rolling_back',
    'change.rolling-back': 'rolling_back',
  },
  rolling_back: {
    'change.undone': 'rolling_back',
    'change.not-applied': 'rolling_back',
    'change.rolled-back': 'rolled_back',
    'change.rollback-failed': 'rollback_failed',
  },
  // Waits for people: its entity stays locked, because nobody can say what its document should be.
  rollback_failed: {
    'change.resolution': 'rollback_failed',
    'change.resolved-executed': 'executed',
    'change.resolved-rolled-back': 'rolled_back',
    'change.reviewed': 'rollback_failed',
  },
  // What was carried out without the usual approval, or by nobody's, is looked at afterwards: that changes no state.
  executed: { 'change.reviewed': 'executed' },
  failed: { 'change.reviewed': 'failed' },
  rolled_back: { 'change.reviewed': 'rolled_back' },
  rejected: {},
  cancelled: {},
  expired: {},
};

/** The state after a step, or undefined when the state does not allow it. */
export function nextState(state: ChangeState | undefined, step: StepType): ChangeState | undefined {
  return TRANSITIONS[state ?? 'none'][step];
}

const TERMINAL_STATES: ReadonlySet<ChangeState> = new Set([
  'executed',
  'failed',
  'rolled_back',
  'rejected',
  'cancelled',
  'expired',
] as const);

export function isTerminal(state: ChangeState): boolean {
  return TERMINAL_STATES.has(state);
}

/** The table as a Mermaid state diagram, as docs/life-of-a-change.md shows it. */
export function lifecycleDiagram(): string {
  const lines = ['stateDiagram-v2'];
  for (const [from, row] of Object.entries(TRANSITIONS)) {
    for (const [step, to] of Object.entries(row)) {
      lines.push(`    ${from === 'none' ? '[*]' : from} --> ${to}: ${step.replace('change.', '')}`);
    }
  }
  for (const state of CHANGE_STATES) if (isTerminal(state)) lines.push(`    ${state} --> [*]`);
  return lines.join('\n') + '\n';
}
