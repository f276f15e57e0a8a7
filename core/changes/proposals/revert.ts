/**
 * Reverting: an executed change-set is taken back by a new one, which the system builds and people decide on like on any
 * other. It touches only what the old one changed, and only while that is still as it was left; everything else stays.
 */
import * as z from 'zod';
import type { Principal } from '../../policy/index.ts';
import { parseInput, parseRevision, plainText, type RevisionInput } from '../operations/content.ts';
import type { Context } from '../recording/context.ts';
import { diffDocuments, type VersionedDocument } from '../model/document.ts';
import { planResult } from '../operations/plan.ts';
import { proposePrepared, type PreparedProposal, type ProposalRequest, type Proposed } from './propose.ts';
import type { ChangeRecord } from '../model/record.ts';
import { isRefused, noSuchChange, refused, type Refusal, type Refused } from '../model/refusal.ts';
import { intentOf } from '../recording/external-outcome.ts';

const MAX_TITLE = 200;
/** Places that one patch takes back, each with its guard. */
const PLACES_PER_PATCH = 50;

export const revertInputSchema = z.strictObject({
  /** why it is taken back */
  rationale: plainText(4000),
});
export type RevertInput = z.input<typeof revertInputSchema>;

type OperationInputs = RevisionInput['operations'];
type Input = OperationInputs[number];

/** Refused: NOT_REVERTIBLE with the reason; whatever proposing is refused with */
export async function revert(
  context: Context,
  principal: Principal,
  { id, input, idempotencyKey, turns }: ProposalRequest & { readonly id: string },
): Promise<Proposed | Refused> {
  const given = parseInput(revertInputSchema, input);
  if (isRefused(given)) return given;
  const { rationale } = given;
  const found = await context.store.find(id);
  if (found === undefined) return noSuchChange(id);
  const { entityId } = found.record;
  return proposePrepared(context, principal, {
    ...{ entityId, idempotencyKey, turns },
    make: () => makeRevert(context, id, rationale),
    isSame: (recorded) => recorded.reverts === id && recorded.rationale === rationale,
  });
}

async function makeRevert(context: Context, id: string, rationale: string): Promise<PreparedProposal | Refusal> {
  const found = await context.store.find(id);
  if (found === undefined) return noSuchChange(id);
  const { record } = found;
  const irrevertible = irrevertibleRefusal(record);
  if (irrevertible !== undefined) return irrevertible;
  const operations = await takingBack(context, record);
  if (isRefused(operations)) return operations;
  if (operations.length === 0)
    return refused('NOT_REVERTIBLE', `${id} left the document as it was: there is nothing to revert`);
  // A title may end in the middle of a character here.
  const title = `Revert: ${record.content.title}`.slice(0, MAX_TITLE).toWellFormed();
  const parsed = parseRevision({ title, rationale, operations }, context.types);
  return isRefused(parsed)
    ? refused('NOT_REVERTIBLE', `${id} cannot be taken back by one change-set: ${parsed.message}`)
    : { ...parsed, reverts: id };
}

function irrevertibleRefusal({ id, state, content }: ChangeRecord): Refusal | undefined {
  if (state !== 'executed')
    return refused('NOT_REVERTIBLE', `${id} is ${state}: only what was executed can be reverted`);
  const index = content.operations.findIndex(({ inverse }) => inverse === 'none');
  return index < 0
    ? undefined
    : refused(
        'NOT_REVERTIBLE',
        `operation ${index} (${content.operations[index]?.executor}) cannot be undone by anything`,
      );
}

/** What executors did is taken back by their own inverses, in reverse order; before it the document, which may refuse. */
async function takingBack(context: Context, record: ChangeRecord): Promise<OperationInputs | Refusal> {
  const inverses: OperationInputs = [];
  for (const index of record.progress.keys()) {
    const { external } = await intentOf(context, record, index);
    const { executor } = (record.content.operations[index]?.payload ?? {}) as { readonly executor?: string };
    if (external !== undefined)
      inverses.unshift({ type: 'executor.invoke', payload: { executor, input: external.inverse } } as Input);
  }
  const restored = await restoring(context, record);
  return isRefused(restored) ? restored : [...restored, ...inverses];
}

/** Operations that make of the document as it is now what it was, where the change-set changed it. */
async function restoring(context: Context, record: ChangeRecord): Promise<OperationInputs | Refusal> {
  const { before } = await intentOf(context, record, 0);
  const after = planResult(before.document, record.content.operations, context.types);
  const now = await context.states.read(record.entityId);
  const places = pairPlaces(before.document, after);
  const clash = places.find(({ path }) =>
    diffDocuments(after, now.document).some((moved) => overlap(moved.path, path)),
  );
  if (clash !== undefined)
    return refused(
      'NOT_REVERTIBLE',
      `what ${record.id} changed at "${clash.path}" has been changed since: propose what it should be now`,
    );
  if (before.document === null) return after === null ? [] : [whole('state.delete', {}, now)];
  if (after === null) return [whole('state.put', before.document, now)];
  return chunks(places).map((some) => patch(some, now));
}

/** A place that was changed: how it gets back, and what must still stand there; nothing: it must still be absent. */
interface Place {
  readonly path: string;
  readonly back: object;
  readonly guard: readonly object[];
}

/** The difference there and the difference back name the same places in the same order. */
function pairPlaces(before: VersionedDocument['document'], after: VersionedDocument['document']): Place[] {
  const there = diffDocuments(before, after);
  return diffDocuments(after, before).map((back, i) => {
    const left = there[i];
    const guard = left !== undefined && 'value' in left ? [{ op: 'test', path: back.path, value: left.value }] : [];
    return { path: back.path, back, guard };
  });
}

/** JSON Patch cannot test that something is absent: then the whole document must stay at its version. */
function patch(places: readonly Place[], now: VersionedDocument): Input {
  const payload = places.flatMap(({ guard, back }) => [...guard, back]);
  const isGuarded = places.every(({ guard }) => guard.length > 0);
  return {
    type: 'state.patch',
    payload,
    ...(isGuarded ? {} : { baseVersion: now.version }),
  } as Input;
}

function whole(type: string, payload: object, { version }: VersionedDocument): Input {
  return { type, payload, baseVersion: version } as Input;
}

function overlap(one: string, other: string): boolean {
  return one === other || one.startsWith(`${other}/`) || other.startsWith(`${one}/`);
}

function chunks(places: readonly Place[]): Place[][] {
  const count = Math.ceil(places.length / PLACES_PER_PATCH);
  return Array.from({ length: count }, (_, i) => places.slice(i * PLACES_PER_PATCH, (i + 1) * PLACES_PER_PATCH));
}
