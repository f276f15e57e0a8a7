/**
 * What became of an operation that an executor carries out. Whoever asks cannot know whether somebody before them died
 * between the call and the record of its answer, so status() is asked first, always, and nothing is applied twice on a
 * guess.
 *
 * "Not applied" alone proves nothing: a call may still be under way. It is proof in two cases: the executor says that it
 * has refused the operation for good; or every grant for it is over. There is one grant for each intent, issued as often as
 * needed with one end, and executors refuse a grant that is over; so what had no effect by then never has one.
 */
import { isoOf, later, msOf, type IsoInstant } from '../../brands/index.ts';
import { orNone } from '../../values/index.ts';
import type { Context } from './context.ts';
import { refuse } from '../model/errors.ts';
import type { ExecutorAnswer } from '../operations/executor-answers.ts';
import type { Invocation } from '../operations/executors.ts';
import { inputOf } from '../operations/operations.ts';
import { readEntry } from '../model/read-entry.ts';
import type { ChangeRecord } from '../model/record.ts';
import { parseStep, stepHash, type ClaimedWork, type Failure, type Operation, type StepData } from '../model/steps.ts';
import { MS_PER_SECOND } from '../../values/index.ts';
import { fenceStale, isStanding } from '../../work/index.ts';

/** An executor's clock may be this late: only after it is a grant over everywhere. */
const CLOCK_SKEW_MS = 5_000;
/** Answers are waited for this many times `maxSeconds`; then it is undone, or handed to people. */
const PATIENCE = 10;
/** Assumed of an executor that is not declared any more. */
const MISSING_SECONDS = 30;

/** `unsettled`: nobody knows yet; ask again later, until it `isHopeless`. */
type Open = { readonly kind: 'unsettled'; readonly failure: Failure };
/** `not-applied`: it had no effect and never will. */
export type ApplyOutcome =
  { readonly kind: 'applied' } | { readonly kind: 'not-applied'; readonly failure: Failure } | Open;
export type UndoOutcome = { readonly kind: 'applied' } | { readonly kind: 'refused'; readonly failure: Failure } | Open;

/** Applies it, unless it is applied; run as often as wanted. */
export async function resolveExternalApply(context: Context, invocation: Invocation): Promise<ApplyOutcome> {
  const { executors, clock } = context;
  const before = await lookUp(context, invocation);
  const isAlive = clock.now() < msOf(invocation.grantUntil);
  if (before.kind !== 'unsettled' || before.answer !== 'not-applied' || !isAlive) return before;
  const { work } = invocation;
  if (work !== undefined && !(await isStanding(context, work, work.by)))
    return { ...before, failure: staleClaim(work) };
  const answer = await executors.invoke(invocation);
  if (answer.kind === 'applied') return { kind: 'applied' };
  const after = answer.kind === 'refused' ? await lookUp(context, invocation) : undefined;
  return after?.kind === 'not-applied'
    ? { kind: 'not-applied', failure: failed(answer) }
    : { kind: 'unsettled', failure: failed(answer) };
}

/** Undoes it, unless it is undone. An executor that refuses to will do so the next time too. */
export async function resolveExternalUndo({ executors }: Context, invocation: Invocation): Promise<UndoOutcome> {
  const before = await executors.status(invocation);
  const answer = before.kind === 'not-applied' ? await executors.invoke(invocation) : before;
  switch (answer.kind) {
    case 'applied':
      return { kind: 'applied' };
    case 'refused':
      return { kind: 'refused', failure: failed(answer) };
    case 'not-applied':
    case 'unknown':
      return { kind: 'unsettled', failure: failed(answer) };
  }
}

/** What its status says, without doing anything. `answer`: what the executor said where it settles nothing. */
export async function lookUp(
  { executors, clock }: Context,
  invocation: Invocation,
): Promise<ApplyOutcome & { readonly answer?: ExecutorAnswer['kind'] }> {
  // Before the question: an answer from before the end of the grant proves nothing about its last moment.
  const isOver = clock.now() >= msOf(invocation.grantUntil) + CLOCK_SKEW_MS;
  const answer = await executors.status(invocation);
  switch (answer.kind) {
    case 'applied':
      return { kind: 'applied' };
    case 'refused':
      return { kind: 'not-applied', failure: failed(answer) };
    case 'not-applied':
      if (!isOver) return { kind: 'unsettled', answer: 'not-applied', failure: failed(answer) };
      return { kind: 'not-applied', failure: failed({ reason: 'it had no effect before its grant was over' }) };
    case 'unknown':
      return { kind: 'unsettled', answer: 'unknown', failure: failed(answer) };
  }
}

/** Nothing has moved for so long that waiting on is no use. */
export function isHopeless({ executors, clock }: Context, record: ChangeRecord, index: number): boolean {
  const maxSeconds = executors.declared(operationAt(record, index))?.maxSeconds ?? MISSING_SECONDS;
  return clock.now() >= msOf(record.updatedAt) + maxSeconds * MS_PER_SECOND * PATIENCE;
}

/** When the grants of an intent end that is recorded now; ISO 8601. */
export function grantEnd({ executors, clock }: Context, operation: Operation): IsoInstant {
  const maxSeconds = orNone(executors.declared(operation)?.maxSeconds);
  const now = clock.now();
  const toWholeSecond = Math.ceil(now / MS_PER_SECOND) * MS_PER_SECOND - now;
  return isoOf(later(now, toWholeSecond + maxSeconds * MS_PER_SECOND));
}

/** Carrying out what was intended: every grant for it ends when the intent says. */
export function applying(record: ChangeRecord, { index, external }: ExternalIntent): Invocation {
  const operation = operationAt(record, index);
  const { precondition, grantUntil } = external;
  return {
    ...subject(record, index),
    ...{
      direction: 'apply',
      operation,
      input: inputOf(operation),
      precondition,
      grantUntil,
      work: record.content.work,
    },
  };
}

/** Undoing it: every attempt gets a grant of its own; all name one operation. */
export function undoing(context: Context, record: ChangeRecord, { index, external }: ExternalIntent): Invocation {
  const operation = operationAt(record, index);
  const { inverse: input } = external;
  const grantUntil = grantEnd(context, operation);
  return { ...subject(record, index), direction: 'undo', operation, input, precondition: null, grantUntil };
}

/** The intent of an operation, read back from the ledger. */
export async function intentOf(
  { entries }: Context,
  { entityId, id, progress }: ChangeRecord,
  index: number,
): Promise<StepData<'change.intent'>> {
  const { intentSeq = -1, intent } = progress[index] ?? {};
  const step = parseStep(await readEntry(entries, entityId, intentSeq));
  return step?.type === 'change.intent' && stepHash(step) === intent
    ? step.data
    : refuse(
        'CHANGE_STATE_CONFLICT',
        `the intent of ${id} at ${intentSeq} is not what was recorded: verify the ledger`,
      );
}

export type ExternalIntent = StepData<'change.intent'> & Required<Pick<StepData<'change.intent'>, 'external'>>;

export function isExternal(intent: StepData<'change.intent'>): intent is ExternalIntent {
  return intent.external !== undefined;
}

function subject({ id, content }: ChangeRecord, index: number) {
  return { change: id, revision: content.revision, contentHash: content.contentHash, index };
}

function operationAt({ content, id }: ChangeRecord, index: number): Operation {
  return content.operations[index] ?? refuse('CHANGE_STATE_CONFLICT', `${id} has no operation ${index}`);
}

function staleClaim(work: ClaimedWork): Failure {
  return { code: 'FENCE_STALE', message: fenceStale(work, work.by).message };
}

function failed({ reason }: Pick<ExecutorAnswer, 'reason'>): Failure {
  return { code: 'EXECUTOR_FAILED', message: reason === '' ? 'the executor does not say why' : reason };
}
