/**
 * Reverting: an executed change-set is taken back by a new one, which the system builds and people decide on like on any
 * other. It touches only what the old one changed, and only while that is still as it was left; everything else stays.
 */
import * as z from 'zod';
import type { Principal } from '../../policy/index.ts';
import { parseInput, parseRevision, plainText, type RevisionInput } from '../operations/content.ts';
import { findChange, type Context } from '../recording/context.ts';
import { diffDocuments, type VersionedDocument } from '../model/document.ts';
import { ChangeError, refuse } from '../model/errors.ts';
import { planResult } from '../operations/plan.ts';
import { proposePrepared, type PreparedProposal, type Proposed, type Turns } from './propose.ts';
import type { ChangeRecord } from '../model/record.ts';
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

/** @throws ChangeError NOT_REVERTIBLE with the reason; what `propose` throws */
export async function revert(
  context: Context,
  principal: Principal,
  { id, input, ...how }: { id: string; input: unknown; idempotencyKey?: string | undefined; turns: Turns },
): Promise<Proposed> {
  const { rationale } = parseInput(revertInputSchema, input);
  const { entityId } = (await findChange(context, id)).record;
  return proposePrepared(context, principal, {
    ...{ entityId, idempotencyKey: how.idempotencyKey, turns: how.turns },
    make: async () => makeRevert(context, (await findChange(context, id)).record, rationale),
    isSame: (recorded) => recorded.reverts === id && recorded.rationale === rationale,
  });
}

async function makeRevert(context: Context, record: ChangeRecord, rationale: string): Promise<PreparedProposal> {
  const { id, content } = record;
  assertRevertible(record);
  const operations = await takingBack(context, record);
  if (operations.length === 0)
    refuse('NOT_REVERTIBLE', `${id} left the document as it was: there is nothing to revert`);
  // A title may end in the middle of a character here.
  const title = `Revert: ${content.title}`.slice(0, MAX_TITLE).toWellFormed();
  try {
    return { ...parseRevision({ title, rationale, operations }, context.types), reverts: id };
  } catch (error) {
    if (!(error instanceof ChangeError)) throw error;
    return refuse('NOT_REVERTIBLE', `${id} cannot be taken back by one change-set: ${error.message}`);
  }
}

function assertRevertible({ id, state, content }: ChangeRecord): void {
  if (state !== 'executed') refuse('NOT_REVERTIBLE', `${id} is ${state}: only what was executed can be reverted`);
  const index = content.operations.findIndex(({ inverse }) => inverse === 'none');
  if (index >= 0)
    refuse(
      'NOT_REVERTIBLE',
      `operation ${index} (${content.operations[index]?.executor}) cannot be undone by anything`,
    );
}

/** What executors did is taken back by their own inverses, in reverse order; before it the document, which may refuse. */
async function takingBack(context: Context, record: ChangeRecord): Promise<OperationInputs> {
  const inverses: OperationInputs = [];
  for (const index of record.progress.keys()) {
    const { external } = await intentOf(context, record, index);
    const { executor } = (record.content.operations[index]?.payload ?? {}) as { readonly executor?: string };
    if (external !== undefined)
      inverses.unshift({ type: 'executor.invoke', payload: { executor, input: external.inverse } } as Input);
  }
  return [...(await restoring(context, record)), ...inverses];
}

/** Operations that make of the document as it is now what it was, where the change-set changed it. */
async function restoring(context: Context, record: ChangeRecord): Promise<OperationInputs> {
  const { before } = await intentOf(context, record, 0);
  const after = planResult(before.document, record.content.operations, context.types);
  const now = await context.states.read(record.entityId);
  const places = pairPlaces(before.document, after);
  const clash = places.find(({ path }) =>
    diffDocuments(after, now.document).some((moved) => overlap(moved.path, path)),
  );
  if (clash !== undefined)
    refuse(
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
