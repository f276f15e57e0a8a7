/**
 * Break-glass: one person with the right to it approves alone, at once, what soft rules would have more people approve. It
 * binds to the same hashes as a vote, names a ticket and a reason, and is reviewed by two others within a day.
 */
import * as z from 'zod';
import { actorOf, type Principal } from '../../policy/index.ts';
import { act, type RecordedAct } from '../recording/record-act.ts';
import { line, parseInput, plainText } from '../operations/content.ts';
import { excludedNow, now, requirePerson, type Context } from '../recording/context.ts';
import { assertFresh, bindingFields } from './decide.ts';
import { assertSigned } from '../model/decision-challenge.ts';
import { ChangeError, refuse } from '../model/errors.ts';
import { REVIEW_MS } from '../model/post-review.ts';
import type { ChangeRecord } from '../model/record.ts';
import { overrideRefusal, staleness } from '../reducer/reduce-vote.ts';
import type { StepDraft } from '../model/steps.ts';

export const overrideInputSchema = z.strictObject({
  ...bindingFields,
  /** the incident or ticket that makes it an emergency */
  ticket: line(200),
  /** why it cannot wait for its approvals */
  reason: plainText(1000),
});
export type OverrideInput = z.input<typeof overrideInputSchema>;
type Override = z.output<typeof overrideInputSchema>;

/** @throws ChangeError OVERRIDE_REFUSED | SELF_APPROVAL | DECISION_STALE | DECISION_REPLAYED | DECISION_EXPIRED | CHANGE_STATE_CONFLICT */
export async function override(
  context: Context,
  principal: Principal,
  { id, input }: { id: string; input: unknown },
): Promise<RecordedAct> {
  requirePerson(principal, 'override');
  const given = parseInput(overrideInputSchema, input);
  const { personId } = principal;
  assertSigned(given.assertion, { ...given, ledger: context.ledger, change: id, decision: 'override', personId });
  return act(context, id, async (record) => {
    if (isSame(record, personId, given)) return 'recorded';
    if (!context.policy.may(principal, 'overrides', record.entityId))
      refuse('OVERRIDE_REFUSED', `${personId} has no right "overrides" for "${record.entityId}"`);
    await assertFresh(context, record, given.nonce);
    const data = dataOf(context, record, { personId, given });
    return {
      steps: [{ type: 'change.overridden', actor: actorOf(principal), data }],
      writes: [context.store.once(context.store.keys.nonce(given.nonce), { change: id, personId })],
    };
  });
}

/** At the claim: whoever overrode still may. That the rules are still the ones that were soft is asked of the risk table. */
export function overrideStands(context: Context, record: ChangeRecord): boolean {
  const { override: given, entityId } = record;
  if (given === undefined || excludedNow(context, record).includes(given.personId)) return false;
  return context.policy.may({ kind: 'person', id: given.account, personId: given.personId }, 'overrides', entityId);
}

function dataOf(
  context: Context,
  record: ChangeRecord,
  { personId, given }: { readonly personId: string; readonly given: Override },
): Extract<StepDraft, { type: 'change.overridden' }>['data'] {
  const { id, assessment, proposal, state } = record;
  const refusal = state === 'pending' ? (staleness(record, given) ?? overrideRefusal(record, personId)) : undefined;
  if (refusal !== undefined) throw new ChangeError(refusal);
  const { revision, contentHash, assessmentHash: _bound, ...rest } = given;
  return {
    ...{ change: id, revision, contentHash, personId, ...rest },
    proposal,
    assessment: assessment?.step ?? '',
    reviewBy: now(context, REVIEW_MS),
    ...context.under,
  };
}

function isSame({ override: recorded, assessment }: ChangeRecord, personId: string, given: Override): boolean {
  if (recorded === undefined || assessment?.assessmentHash !== given.assessmentHash) return false;
  const fields = ['revision', 'contentHash', 'nonce', 'ticket', 'reason'] as const;
  return recorded.personId === personId && fields.every((field) => recorded[field] === given[field]);
}
