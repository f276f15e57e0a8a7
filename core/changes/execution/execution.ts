/**
 * Carrying out a claimed change-set: one task, one transaction. An operation's document, its entry and its operation key
 * commit together, so a crash leaves it either applied and recorded or not begun, and the same task is simply run again.
 * What an executor carries out commits elsewhere: it is intended first, and recorded once its outcome is settled.
 */
import { SYSTEM_ACTOR } from '../../ledger/index.ts';
import type { StoredChange } from '../store/change-store.ts';
import type { Context } from '../recording/context.ts';
import { planErasure } from '../proposals/erasure.ts';
import { documentHash, type Document, type VersionedDocument } from '../model/document.ts';
import { applyExternal, planExternal, unsettled } from './apply-external.ts';
import { planOperation } from '../operations/plan.ts';
import type { ChangeRecord } from '../model/record.ts';
import { isRefused, orRefusal, type Refusal } from '../model/refusal.ts';
import { giveUp } from './rollback.ts';
import { isExternalOperation, type Failure, type StepDraft } from '../model/steps.ts';
import type { Outcomes } from '../model/workflow.ts';
import { subjectOf, writeStep, type Write } from './write-step.ts';

/**
 * Records that the next operation is about to be applied, with what undoes it: the document to restore, or an executor's
 * inverse. If we die after it: nothing was applied yet.
 */
export async function intend(context: Context, current: StoredChange): Promise<Outcomes['intend'] | Refusal> {
  const { record } = current;
  const { state, claim, progress, content } = record;
  if (state !== 'executing' || claim === undefined) return 'moved';
  if (progress.at(-1)?.status === 'intended') return 'intended';
  const index = progress.length;
  if (index === content.operations.length) return 'complete';
  const before = await context.states.read(record.entityId);
  const planned = plan(context, record, { index, before });
  if (planned.kind === 'failure') return giveUp(context, current, planned.failure);
  const external = await planExternal(context, record, index);
  if (external.kind === 'unsettled') return unsettled(context, current, { index, failure: external.failure });
  if (external.kind === 'failure') return giveUp(context, current, external.failure);
  const { document, version, hash } = before;
  const step: StepDraft = {
    type: 'change.intent',
    actor: SYSTEM_ACTOR,
    data: {
      ...{ ...subjectOf(record), claim, index, before: { document, version, hash } },
      after: { hash: documentHash(planned.document) },
      ...external.more,
    },
  };
  // What the ledger asks others to do, it asks under the claim; its own documents are the approval's business.
  const work = external.more.external && content.work;
  const intended = await writeStep(context, current, { steps: [step], work }, 'intended');
  if (!isRefused(intended) || intended.code !== 'FENCE_STALE') return intended;
  return giveUp(context, current, { code: intended.code, message: intended.message });
}

/** Applies what was intended. If we die after it: the document, the entry and the key are all there. */
export async function apply(context: Context, current: StoredChange): Promise<Outcomes['apply'] | Refusal> {
  const { record } = current;
  const { content } = record;
  const index = record.progress.length - 1;
  const intended = record.progress[index];
  if (record.state !== 'executing' || intended?.status !== 'intended') return 'moved';
  const before = await context.states.read(record.entityId);
  const planned = plan(context, record, { index, before });
  if (planned.kind === 'failure') return giveUp(context, current, planned.failure);
  const { document } = planned;
  if (isExternalOperation(content.operations[index])) {
    const outcome = await applyExternal(context, current, index);
    if (outcome !== 'applied') return outcome;
  }
  const erasure = await planErasure(context, record, index);
  if (erasure.kind === 'failure') return giveUp(context, current, erasure.failure);
  const data = {
    ...subjectOf(record),
    index,
    intent: intended.intent,
    version: before.version + 1,
    hash: documentHash(document),
  };
  const write: Write = {
    steps: [{ type: 'change.applied', actor: SYSTEM_ACTOR, data }],
    operation: { index, direction: 'apply', from: before.version, document },
    writes: erasure.writes,
    extras: erasure.entries,
  };
  return writeStep(context, current, write, 'applied');
}

/** Postconditions: the document is exactly what was approved. */
export async function finish(context: Context, current: StoredChange): Promise<Outcomes['finish'] | Refusal> {
  const { record } = current;
  const { state, claim, approval, assessment, document, entityId } = record;
  if (state !== 'executing' || claim === undefined || approval === undefined) return 'moved';
  const { version, hash } = await context.states.read(entityId);
  if (version !== document?.version || hash !== document.hash || hash !== assessment?.result) {
    const message = `the document is at version ${version} (${hash}), which is not what was approved`;
    return giveUp(context, current, { code: 'POSTCONDITION_FAILED', message });
  }
  const data = { ...subjectOf(record), claim, approval: approval.step, document: { version, hash } };
  const write: Write = {
    steps: [{ type: 'change.executed', actor: SYSTEM_ACTOR, data }],
    writes: [context.states.check(entityId, version)],
  };
  return writeStep(context, current, write, 'executed');
}

type Planned =
  { readonly kind: 'planned'; readonly document: Document } | { readonly kind: 'failure'; readonly failure: Failure };

/** The document after one operation, or why it cannot be carried out on what is there. */
function plan(
  { types, assertAllowed }: Context,
  { entityId, content, document, progress }: ChangeRecord,
  { index, before }: { readonly index: number; readonly before: VersionedDocument },
): Planned {
  const failed = (code: string, message: string): Planned => ({ kind: 'failure', failure: { code, message } });
  if (before.version !== document?.version || before.hash !== document.hash)
    return failed(
      'STALE_BASE',
      `the document is at version ${before.version} (${before.hash}), not as this change-set left it`,
    );
  const operation = content.operations[index];
  if (operation === undefined) return failed('CHANGE_INVALID', `there is no operation ${index}`);
  const planned = orRefusal(() => {
    const next = planOperation(before.document, operation, { types, index });
    assertAllowed(entityId, [next]);
    return next;
  });
  if (isRefused(planned)) return failed(planned.code, planned.message);
  const intended = progress[index]?.afterHash;
  return intended === undefined || intended === documentHash(planned)
    ? { kind: 'planned', document: planned }
    : failed('CHANGE_INVALID', `operation ${index} makes something else of the document than was intended`);
}
