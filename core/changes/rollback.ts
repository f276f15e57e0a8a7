/**
 * Giving up and undoing: what was applied is undone in reverse order by restoring the documents captured before, each
 * guarded by the version this change-set left. What cannot be undone safely is left to people, never overwritten.
 */
import { SYSTEM_ACTOR } from '../ledger/index.ts';
import type { StoredChange } from './change-store.ts';
import type { Context } from './context.ts';
import type { Document, VersionedDocument } from './document.ts';
import { refuse } from './errors.ts';
import { readEntry } from './read-entry.ts';
import type { ChangeRecord, Progress } from './record.ts';
import { lastApplied } from './reduce-execution.ts';
import { parseStep, stepHash, type Failure, type StepDraft } from './steps.ts';
import type { Outcomes } from './workflow.ts';
import { subjectOf, writeStep } from './write-step.ts';

/** Undoes the last applied operation, or says that all are undone. */
export async function undo(context: Context, current: StoredChange): Promise<Outcomes['undo']> {
  const { record } = current;
  const { state, claim, document, entityId } = record;
  if (state !== 'rolling_back' || claim === undefined || document === undefined) return 'moved';
  const last = lastApplied(record);
  if (last === undefined) {
    const step: StepDraft = {
      type: 'change.rolled-back',
      actor: SYSTEM_ACTOR,
      data: { ...subjectOf(record), claim, document },
    };
    return (await writeStep(context, current, { steps: [step] })) ? 'rolled_back' : 'moved';
  }
  const { index, one } = last;
  const found = await context.states.read(entityId);
  const failure = undoFailure(record, index, found);
  if (failure !== undefined) {
    const step: StepDraft = {
      type: 'change.rollback-failed',
      actor: SYSTEM_ACTOR,
      data: { ...subjectOf(record), claim, index, failure },
    };
    return (await writeStep(context, current, { steps: [step] })) ? 'rollback_failed' : 'moved';
  }
  const restored = await imageBefore(context, record, one);
  const data = {
    ...subjectOf(record),
    index,
    applied: one.applied ?? '',
    version: found.version + 1,
    hash: one.beforeHash,
  };
  const isWritten = await writeStep(context, current, {
    steps: [{ type: 'change.undone', actor: SYSTEM_ACTOR, data }],
    operation: { index, direction: 'undo', from: found.version, document: restored },
  });
  return isWritten ? 'undone' : 'moved';
}

/** Nothing applied: failed, and nothing is to be undone. Otherwise everything is undone in reverse order. */
export async function giveUp(
  context: Context,
  current: StoredChange,
  failure: Failure,
): Promise<'failed' | 'rolling_back' | 'moved'> {
  const { record } = current;
  if (record.claim === undefined) return 'moved';
  const nothing = lastApplied(record) === undefined;
  const type = nothing ? ('change.failed' as const) : ('change.rolling-back' as const);
  const step: StepDraft = { type, actor: SYSTEM_ACTOR, data: { ...subjectOf(record), claim: record.claim, failure } };
  if (!(await writeStep(context, current, { steps: [step] }))) return 'moved';
  return nothing ? 'failed' : 'rolling_back';
}

function undoFailure(
  { content, document }: ChangeRecord,
  index: number,
  found: VersionedDocument,
): Failure | undefined {
  if (content.operations[index]?.inverse !== 'restore-before-image')
    return { code: 'IRREVERSIBLE', message: `operation ${index} cannot be undone: resolve by hand` };
  return found.version === document?.version && found.hash === document.hash
    ? undefined
    : {
        code: 'STALE_BASE',
        message: `the document is at version ${found.version} (${found.hash}), not as this change-set left it: resolve by hand`,
      };
}

/** The document captured when the operation was intended, read back from the ledger. */
async function imageBefore({ entries }: Context, { entityId, id }: ChangeRecord, one: Progress): Promise<Document> {
  const step = parseStep(await readEntry(entries, entityId, one.intentSeq));
  if (step?.type !== 'change.intent' || stepHash(step) !== one.intent)
    return refuse(
      'CHANGE_STATE_CONFLICT',
      `the intent of ${id} at ${one.intentSeq} is not what was recorded: verify the ledger`,
    );
  return step.data.before.document;
}
