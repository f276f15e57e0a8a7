/**
 * Break-glass: one person with the right to it approves alone, at once, what soft rules would have more people approve. It
 * binds to the same hashes as a vote, names a ticket and a reason, and is reviewed by two others within a day.
 */
import * as z from 'zod';
import type { PersonId } from '../../brands/index.ts';
import { actorOf, type Principal } from '../../policy/index.ts';
import { recordAct, type ActRequest, type RecordedAct } from '../recording/record-act.ts';
import { MAX_TRIES, tooBusy } from '../recording/record-steps.ts';
import { excludedNow, peopleOnly } from '../recording/who-may.ts';
import { line, parseInput, plainText } from '../operations/content.ts';
import { now, type Context } from '../recording/context.ts';
import { bindingFields, replayRefusal } from './decide.ts';
import { assertionRefusal } from '../model/decision-challenge.ts';
import { overrideSignatureRefusal } from '../model/signed-decisions.ts';
import { REVIEW_MS } from '../model/post-review.ts';
import type { ChangeRecord } from '../model/record.ts';
import { isRefused, noSuchChange, refused, type Refused } from '../model/refusal.ts';
import { overrideRefusal, staleness } from '../reducer/reduce-vote.ts';
import { NO_STEP, type StepDraft } from '../model/steps.ts';

export const overrideInputSchema = z.strictObject({
  ...bindingFields,
  /** the incident or ticket that makes it an emergency */
  ticket: line(200),
  /** why it cannot wait for its approvals */
  reason: plainText(1000),
});
export type OverrideInput = z.input<typeof overrideInputSchema>;
type Override = z.output<typeof overrideInputSchema>;

/** Refused: OVERRIDE_REFUSED | SELF_APPROVAL | DECISION_STALE | DECISION_REPLAYED | DECISION_EXPIRED | CHANGE_STATE_CONFLICT */
export async function override(
  context: Context,
  principal: Principal,
  { id, input }: ActRequest,
): Promise<RecordedAct | Refused> {
  if (principal.kind !== 'person') return peopleOnly(principal, 'override');
  const given = parseInput(overrideInputSchema, input);
  if (isRefused(given)) return given;
  const { personId } = principal;
  const subject = { ...given, ledger: context.ledger, change: id, decision: 'override' as const, personId };
  const foreign = assertionRefusal(given.assertion, subject);
  if (foreign !== undefined) return foreign;

  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const current = await context.store.find(id);
    if (current === undefined) return noSuchChange(id);
    const { record } = current;
    if (isSame(record, personId, given)) return { kind: 'recorded', stored: current };
    if (!context.policy.may(principal, 'overrides', record.entityId))
      return refused('OVERRIDE_REFUSED', `${personId} has no right "overrides" for "${record.entityId}"`);
    const refusal =
      (await replayRefusal(context, record, given.nonce)) ??
      bindingRefusal(record, personId, given) ??
      overrideSignatureRefusal({ ...given, personId }, { ...context, record });
    if (refusal !== undefined) return refusal;
    const data = dataOf(context, record, { personId, given });
    const done = await recordAct(context, current, {
      steps: [{ type: 'change.overridden', actor: actorOf(principal), data }],
      writes: [context.store.once(context.store.keys.nonce(given.nonce), { change: id, personId })],
    });
    if (done !== 'again') return done;
  }
  return tooBusy();
}

/** At the claim: whoever overrode still may. That the rules are still the ones that were soft is asked of the risk table. */
export function overrideStands(context: Context, record: ChangeRecord): boolean {
  const { override: given, entityId, assessment } = record;
  if (given === undefined || assessment === undefined) return false;
  if (excludedNow(context, record).includes(given.personId)) return false;
  const { assessmentHash } = assessment;
  if (overrideSignatureRefusal({ ...given, assessmentHash }, { ...context, record }) !== undefined) return false;
  return context.policy.may({ kind: 'person', id: given.account, personId: given.personId }, 'overrides', entityId);
}

/** Why it is not about what stands, or not theirs to override; in another state the step itself is refused. */
function bindingRefusal(record: ChangeRecord, personId: PersonId, given: Override): Refused | undefined {
  return record.state === 'pending' ? (staleness(record, given) ?? overrideRefusal(record, personId)) : undefined;
}

function dataOf(
  context: Context,
  record: ChangeRecord,
  { personId, given }: { readonly personId: PersonId; readonly given: Override },
): Extract<StepDraft, { type: 'change.overridden' }>['data'] {
  const { id, assessment, proposal } = record;
  const { revision, contentHash, assessmentHash: _bound, ...rest } = given;
  return {
    ...{ change: id, revision, contentHash, personId, ...rest },
    proposal,
    assessment: assessment?.step ?? NO_STEP,
    reviewBy: now(context, REVIEW_MS),
    ...context.under,
  };
}

function isSame({ override: recorded, assessment }: ChangeRecord, personId: PersonId, given: Override): boolean {
  if (recorded === undefined || assessment?.assessmentHash !== given.assessmentHash) return false;
  const fields = ['revision', 'contentHash', 'nonce', 'ticket', 'reason'] as const;
  return recorded.personId === personId && fields.every((field) => recorded[field] === given[field]);
}
