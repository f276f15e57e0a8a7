/** The execution's part for operations that an executor carries out: planning them anew, and what follows when they settle. */
import type { StoredChange } from '../store/change-store.ts';
import type { Context } from '../recording/context.ts';
import { planHash, preconditionHash } from '../operations/executor-answers.ts';
import type { ChangeRecord } from '../model/record.ts';
import { isRefused, refusalOf, type Refusal } from '../model/refusal.ts';
import { giveUp, notApplied } from './rollback.ts';
import {
  applying,
  grantEnd,
  intentOf,
  isExternal,
  isHopeless,
  resolveExternalApply,
} from '../recording/external-outcome.ts';
import { isExternalOperation, type Failure, type StepData } from '../model/steps.ts';

export type PlannedExternal =
  | { readonly kind: 'planned'; readonly more: Pick<StepData<'change.intent'>, 'external'> }
  | { readonly kind: 'failure'; readonly failure: Failure }
  /** it gives no plan just now */
  | { readonly kind: 'unsettled'; readonly failure: Failure };

/** Plans anew what an executor carries out: nothing may have happened since it was assessed that it says it depends on. */
export async function planExternal(
  context: Context,
  { content, assessment }: ChangeRecord,
  index: number,
): Promise<PlannedExternal> {
  const operation = content.operations[index];
  if (operation === undefined || !isExternalOperation(operation)) return { kind: 'planned', more: {} };
  const plan = await context.executors.plan(operation).catch(refusalOf);
  if (isRefused(plan)) return { kind: 'unsettled', failure: { code: plan.code, message: plan.message } };
  const assessed = assessment?.plans?.find((one) => one.index === index);
  const isSameState = assessed?.precondition === preconditionHash(plan);
  // On the same state the plan must be the one that was approved, above all what will undo it.
  if (!isSameState || assessed.planHash !== planHash(operation, plan)) {
    const message = isSameState
      ? `${operation.executor} plans something else for operation ${index} than what was approved`
      : `what ${operation.executor} found when operation ${index} was assessed is no longer so`;
    return { kind: 'failure', failure: { code: isSameState ? 'EXECUTOR_FAILED' : 'STALE_BASE', message } };
  }
  const { inverse, precondition } = plan;
  const grantUntil = grantEnd(context, operation);
  return { kind: 'planned', more: { external: { inverse, precondition, planHash: assessed.planHash, grantUntil } } };
}

/** `applied`: by the executor; the ledger does not say so yet. If we die here, its status will tell. */
export async function applyExternal(
  context: Context,
  current: StoredChange,
  index: number,
): Promise<'applied' | 'failed' | 'rolling_back' | 'unsettled' | 'moved' | Refusal> {
  const { record } = current;
  const intent = await intentOf(context, record, index);
  if (!isExternal(intent)) return 'moved';
  const settled = await resolveExternalApply(context, applying(record, intent));
  switch (settled.kind) {
    case 'applied':
      return 'applied';
    case 'not-applied':
      return giveUp(context, current, settled.failure, notApplied(record, index, settled.failure));
    case 'unsettled':
      return unsettled(context, current, { index, failure: settled.failure });
  }
}

/** Asked again later, until that is no use: then what may have been applied is undone. */
export async function unsettled(
  context: Context,
  current: StoredChange,
  { index, failure }: { readonly index: number; readonly failure: Failure },
): Promise<'failed' | 'rolling_back' | 'unsettled' | 'moved' | Refusal> {
  return isHopeless(context, current.record, index) ? giveUp(context, current, failure) : 'unsettled';
}
