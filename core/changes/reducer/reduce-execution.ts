/**
 * The steps from claim to end: every one rests on the one before, so what ran is what was approved. On a document, an intent
 * without its `applied` did nothing, because the operation and that entry commit together. What an executor carries out may
 * have happened from the intent on, and counts as done until `not-applied` says that it was not.
 */
import { msOf, type DocumentHash } from '../../brands/index.ts';
import { orNone } from '../../values/index.ts';
import type { ChangeRecord, Placement, Progress } from '../model/record.ts';
import { inconsistent, update, type Refusal, type Update } from '../model/refusal.ts';
import { isExternalOperation, type ChangeStep, type StepOf } from '../model/steps.ts';

type ExecutionStep = Extract<
  ChangeStep,
  {
    readonly type: `change.${'claimed' | 'intent' | 'applied' | 'not-applied' | 'executed' | 'failed' | 'aborted' | 'rolling-back' | 'undone' | 'rolled-back' | 'rollback-failed'}`;
  }
>;

export function reduceExecution(record: ChangeRecord, step: ExecutionStep, placement: Placement): Update {
  if (step.type === 'change.claimed') return claim(record, step, placement);
  const otherClaim = 'claim' in step.data && step.data.claim !== record.claim;
  if (otherClaim) return inconsistent(`${step.type} names another claim`);
  switch (step.type) {
    case 'change.intent':
      return intend(record, step, placement);
    case 'change.applied':
      return apply(record, step, placement);
    case 'change.not-applied':
      return notApplied(record, step);
    case 'change.executed':
      return execute(record, step);
    case 'change.failed':
      return lastToUndo(record) === undefined
        ? update({ failure: step.data.failure })
        : inconsistent('something was applied');
    case 'change.aborted':
      return update({ failure: { code: 'ABORTED', message: `${step.data.personId}: ${step.data.reason}` } });
    case 'change.rolling-back':
      return update({ failure: step.data.failure });
    case 'change.undone':
      return undo(record, step);
    case 'change.rolled-back':
      return lastToUndo(record) === undefined
        ? (otherDocument(record, step.data.document) ?? update({}))
        : inconsistent('something is still applied');
    case 'change.rollback-failed':
      return update({ failure: step.data.failure });
  }
}

/** Index and progress of the last operation that is applied, or may be, and is not undone. */
export function lastToUndo({
  progress,
  content,
}: ChangeRecord): { readonly index: number; readonly one: Progress } | undefined {
  const index = progress.findLastIndex(
    ({ status }, i) => status === 'applied' || (status === 'intended' && isExternalOperation(content.operations[i])),
  );
  const one = progress[index];
  return one === undefined ? undefined : { index, one };
}

function claim(record: ChangeRecord, { data, at }: StepOf<'change.claimed'>, { step }: Placement): Update {
  const { approval, assessment, content, votes } = record;
  if (approval === undefined || assessment === undefined || data.approval !== approval.step)
    return inconsistent('the claim names another approval');
  if (votes.some(({ decision }) => decision !== 'approve')) return inconsistent('somebody objects');
  if (msOf(at) < msOf(approval.timelockUntil)) return inconsistent(`locked until ${approval.timelockUntil}`);
  if (msOf(at) >= msOf(content.deadline)) return inconsistent(`the deadline was ${content.deadline}`);
  return update({ claim: step, document: assessment.base });
}

function intend(record: ChangeRecord, { data, seq }: StepOf<'change.intent'>, { step }: Placement): Update {
  const { progress, content } = record;
  if (data.index !== progress.length || data.index >= content.operations.length)
    return inconsistent(`operation ${data.index} is not the next one`);
  if (progress.some(({ status }) => status !== 'applied')) return inconsistent('the operation before is not applied');
  const { before, after, external } = data;
  if ((external !== undefined) !== isExternalOperation(content.operations[data.index]))
    return inconsistent(`operation ${data.index} is intended as what it is not`);
  const intended = {
    status: 'intended',
    intent: step,
    intentSeq: seq,
    beforeHash: before.hash,
    afterHash: after.hash,
  } as const;
  return otherDocument(record, before) ?? update({ progress: [...progress, intended] });
}

function apply(record: ChangeRecord, { data }: StepOf<'change.applied'>, { step }: Placement): Update {
  const { progress, document } = record;
  const last = progress.at(-1);
  if (last?.status !== 'intended' || data.index !== progress.length - 1 || data.intent !== last.intent)
    return inconsistent('nothing was intended that was not applied');
  if (data.hash !== last.afterHash || data.version !== orNone(document?.version) + 1)
    return inconsistent('what was applied is not what was intended');
  return update({
    progress: progress.with(-1, { ...last, status: 'applied', applied: step }),
    document: { version: data.version, hash: data.hash },
  });
}

/** It never will have an effect: there is nothing to undo. */
function notApplied({ progress, content }: ChangeRecord, { data }: StepOf<'change.not-applied'>): Update {
  const last = progress.at(-1);
  if (last?.status !== 'intended' || data.index !== progress.length - 1 || data.intent !== last.intent)
    return inconsistent('nothing was intended that could have had no effect');
  if (!isExternalOperation(content.operations[data.index]))
    return inconsistent('only what an executor carries out has to be proved not applied');
  return update({ progress: progress.with(-1, { ...last, status: 'not-applied' }) });
}

function execute(record: ChangeRecord, { data }: StepOf<'change.executed'>): Update {
  const { progress, content, assessment, approval } = record;
  if (progress.length !== content.operations.length || progress.some(({ status }) => status !== 'applied'))
    return inconsistent('not every operation is applied');
  if (data.document.hash !== assessment?.result) return inconsistent('the document is not what was approved');
  if (data.approval !== approval?.step) return inconsistent('the execution names another approval');
  return otherDocument(record, data.document) ?? update({});
}

function undo(record: ChangeRecord, { data }: StepOf<'change.undone'>): Update {
  const last = lastToUndo(record);
  if (last === undefined || data.index !== last.index || data.applied !== (last.one.applied ?? last.one.intent))
    return inconsistent('operations are undone in reverse order');
  if (data.hash !== last.one.beforeHash || data.version !== orNone(record.document?.version) + 1)
    return inconsistent('what was restored is not what was there before');
  return update({
    progress: record.progress.with(last.index, { ...last.one, status: 'undone' }),
    document: { version: data.version, hash: data.hash },
  });
}

function otherDocument(
  { document }: ChangeRecord,
  given: { version: number; hash: DocumentHash },
): Refusal | undefined {
  return document?.version === given.version && document.hash === given.hash
    ? undefined
    : inconsistent('the document is not the one this change-set left');
}
