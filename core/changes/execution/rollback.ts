/**
 * Giving up and undoing: what was applied, or may have been, is undone in reverse order. Documents are restored as captured
 * before, each guarded by the version this change-set left; what an executor did, it undoes with the inverse it planned.
 * What cannot be undone safely is left to people, never overwritten.
 */
import { SYSTEM_ACTOR } from '../../ledger/index.ts';
import type { StoredChange } from '../store/change-store.ts';
import type { Context } from '../recording/context.ts';
import type { VersionedDocument } from '../model/document.ts';
import type { ChangeRecord, Progress } from '../model/record.ts';
import type { Refusal } from '../model/refusal.ts';
import { lastToUndo } from '../reducer/reduce-execution.ts';
import {
  applying,
  intentOf,
  isExternal,
  isHopeless,
  lookUp,
  resolveExternalUndo,
  undoing,
  type ExternalIntent,
} from '../recording/external-outcome.ts';
import { NO_STEP, type Failure, type StepDraft } from '../model/steps.ts';
import type { Outcomes } from '../model/workflow.ts';
import { subjectOf, writeStep, type Write } from './write-step.ts';

/** Undoes the last operation that is to be undone, or says that all are. */
export async function undo(context: Context, current: StoredChange): Promise<Outcomes['undo'] | Refusal> {
  const { record } = current;
  const { state, claim, document, entityId } = record;
  if (state !== 'rolling_back' || claim === undefined || document === undefined) return 'moved';
  const last = lastToUndo(record);
  if (last === undefined) {
    const data = { ...subjectOf(record), claim, document };
    const step: StepDraft = { type: 'change.rolled-back', actor: SYSTEM_ACTOR, data };
    return writeStep(context, current, { steps: [step] }, 'rolled_back');
  }
  const { index, one } = last;
  const found = await context.states.read(entityId);
  const undone = staleDocument(record, found) ?? (await undoOne(context, record, { index, one }));
  switch (undone.kind) {
    case 'unsettled':
      return 'unsettled';
    case 'not-applied': {
      const step = notApplied(record, index, undone.failure);
      return writeStep(context, current, { steps: [step] }, 'undone');
    }
    case 'failure': {
      const data = { ...subjectOf(record), claim, index, failure: undone.failure };
      const step: StepDraft = { type: 'change.rollback-failed', actor: SYSTEM_ACTOR, data };
      return writeStep(context, current, { steps: [step] }, 'rollback_failed');
    }
    case 'undone': {
      const applied = one.applied ?? one.intent;
      const data = { ...subjectOf(record), index, applied, version: found.version + 1, hash: one.beforeHash };
      const write: Write = {
        steps: [{ type: 'change.undone', actor: SYSTEM_ACTOR, data }],
        operation: { index, direction: 'undo', from: found.version, document: undone.restored },
      };
      return writeStep(context, current, write, 'undone');
    }
  }
}

/**
 * Nothing applied: failed, and nothing is to be undone. Otherwise everything is undone in reverse order.
 * @param settled says of the last operation that it was not applied
 */
export async function giveUp(
  context: Context,
  current: StoredChange,
  failure: Failure,
  settled?: StepDraft,
): Promise<'failed' | 'rolling_back' | 'moved' | Refusal> {
  const { record } = current;
  if (record.claim === undefined) return 'moved';
  const progress = settled === undefined ? record.progress : record.progress.slice(0, -1);
  const nothing = lastToUndo({ ...record, progress }) === undefined;
  const type = nothing ? ('change.failed' as const) : ('change.rolling-back' as const);
  const step: StepDraft = { type, actor: SYSTEM_ACTOR, data: { ...subjectOf(record), claim: record.claim, failure } };
  const steps = settled === undefined ? [step] : [settled, step];
  return writeStep(context, current, { steps }, nothing ? 'failed' : 'rolling_back');
}

/** The step that says so. */
export function notApplied(record: ChangeRecord, index: number, failure: Failure): StepDraft {
  const intent = record.progress[index]?.intent ?? NO_STEP;
  return { type: 'change.not-applied', actor: SYSTEM_ACTOR, data: { ...subjectOf(record), index, intent, failure } };
}

type Undone =
  | { readonly kind: 'undone'; readonly restored: VersionedDocument['document'] }
  /** it never was applied and never will be */
  | { readonly kind: 'not-applied' | 'unsettled' | 'failure'; readonly failure: Failure };

interface ToUndo {
  readonly index: number;
  readonly one: Progress;
}

/** Undoes it where it was done; the document is restored by who writes the step. */
async function undoOne(context: Context, record: ChangeRecord, { index, one }: ToUndo): Promise<Undone> {
  const intent = await intentOf(context, record, index);
  if (isExternal(intent)) return undoExternal(context, record, { index, one, intent });
  return isReversible(record, index) ? { kind: 'undone', restored: intent.before.document } : irreversible(index);
}

async function undoExternal(
  context: Context,
  record: ChangeRecord,
  { index, one, intent }: ToUndo & { readonly intent: ExternalIntent },
): Promise<Undone> {
  const later = (failure: Failure): Undone => ({
    kind: isHopeless(context, record, index) ? 'failure' : 'unsettled',
    failure,
  });
  if (one.status === 'intended') {
    const found = await lookUp(context, applying(record, intent));
    if (found.kind === 'not-applied') return found;
    if (found.kind === 'unsettled' && !isReversible(record, index)) return later(found.failure);
  }
  if (!isReversible(record, index)) return irreversible(index);
  // Where nobody knows whether it was applied, undoing also closes it: the executor refuses to apply it from then on.
  const settled = await resolveExternalUndo(context, undoing(context, record, intent));
  switch (settled.kind) {
    case 'applied':
      return { kind: 'undone', restored: intent.before.document };
    case 'refused':
      return { kind: 'failure', failure: settled.failure };
    case 'unsettled':
      return later(settled.failure);
  }
}

function isReversible({ content }: ChangeRecord, index: number): boolean {
  return content.operations[index]?.inverse !== 'none';
}

function irreversible(index: number): Undone {
  const message = `operation ${index} cannot be undone: resolve by hand`;
  return { kind: 'failure', failure: { code: 'IRREVERSIBLE', message } };
}

function staleDocument({ document }: ChangeRecord, found: VersionedDocument): Undone | undefined {
  if (found.version === document?.version && found.hash === document.hash) return undefined;
  const message = `the document is at version ${found.version} (${found.hash}), not as this change-set left it: resolve by hand`;
  return { kind: 'failure', failure: { code: 'STALE_BASE', message } };
}
