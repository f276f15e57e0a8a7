/** Stopping a change-set: withdrawn by who proposed it before it runs, aborted by who could have vetoed it while it runs. */
import * as z from 'zod';
import type { EntryBody } from '../../ledger/index.ts';
import { actorOf, type Principal } from '../../policy/index.ts';
import { defined } from '../../values/index.ts';
import { actUnder, idemKeyOf, keyRefusal } from '../recording/idempotency.ts';
import { recordAct, type ActRequest, type RecordedAct } from '../recording/record-act.ts';
import { MAX_TRIES, tooBusy } from '../recording/record-steps.ts';
import { parseInput, plainText } from '../operations/content.ts';
import type { Context } from '../recording/context.ts';
import { holdsNeededRole, peopleOnly, speaksForProposer } from '../recording/who-may.ts';
import { isRefused, noSuchChange, refused, type Refused } from '../model/refusal.ts';

const MAX_REASON = 1000;
export const withdrawInputSchema = z.strictObject({ reason: plainText(MAX_REASON).exactOptional() });
export const abortInputSchema = z.strictObject({ reason: plainText(MAX_REASON) });

/** Refused: NOT_PROPOSER | CHANGE_STATE_CONFLICT */
export async function withdraw(
  context: Context,
  principal: Principal,
  { id, input, idempotencyKey }: ActRequest,
): Promise<RecordedAct | Refused> {
  const given = parseInput(withdrawInputSchema, input);
  if (isRefused(given)) return given;
  const { reason } = given;
  const badKey = keyRefusal(idempotencyKey);
  if (badKey !== undefined) return badKey;
  const idemKey = idempotencyKey === undefined ? undefined : idemKeyOf(principal, idempotencyKey);
  const isSame = ({ type, data }: EntryBody): boolean =>
    type === 'change.withdrawn' && data['change'] === id && data['reason'] === reason;

  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await actUnder(context, id, { idemKey, isSame });
    if (before !== undefined) return before;
    const current = await context.store.find(id);
    if (current === undefined) return noSuchChange(id);
    const { content } = current.record;
    if (!speaksForProposer(principal, current.record))
      return refused(
        'NOT_PROPOSER',
        `${id} was proposed by ${content.initiator}: only the proposer, or who answers for it, may withdraw it`,
      );
    const data = {
      change: id,
      revision: content.revision,
      ...defined({ reason }),
      ...context.under,
    };
    const done = await recordAct(context, current, {
      steps: [{ type: 'change.withdrawn', actor: actorOf(principal), data }],
      ...defined({ idemKey }),
    });
    if (done !== 'again') return done;
  }
  return tooBusy();
}

/** Stops between two operations; what was applied is undone. Refused: NOT_ELIGIBLE | CHANGE_STATE_CONFLICT */
export async function abort(
  context: Context,
  principal: Principal,
  { id, input, idempotencyKey }: ActRequest,
): Promise<RecordedAct | Refused> {
  if (principal.kind !== 'person') return peopleOnly(principal, 'abort');
  const given = parseInput(abortInputSchema, input);
  if (isRefused(given)) return given;
  const { personId } = principal;
  const badKey = keyRefusal(idempotencyKey);
  if (badKey !== undefined) return badKey;
  const idemKey = idempotencyKey === undefined ? undefined : idemKeyOf(principal, idempotencyKey);
  const isSame = ({ type, data }: EntryBody): boolean =>
    type === 'change.aborted' && data['change'] === id && data['reason'] === given.reason;

  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const before = await actUnder(context, id, { idemKey, isSame });
    if (before !== undefined) return before;
    const current = await context.store.find(id);
    if (current === undefined) return noSuchChange(id);
    const { claim, content, state } = current.record;
    if (!holdsNeededRole(context, principal, current.record))
      return refused('NOT_ELIGIBLE', `${personId} holds none of the roles that ${id} needed: ask someone who does`);
    if (claim === undefined)
      return refused('CHANGE_STATE_CONFLICT', `${id} is ${state}: only what is executing can be aborted`);
    const data = { change: id, revision: content.revision, claim, personId, reason: given.reason, ...context.under };
    const done = await recordAct(context, current, {
      steps: [{ type: 'change.aborted', actor: actorOf(principal), data }],
      ...defined({ idemKey }),
    });
    if (done !== 'again') return done;
  }
  return tooBusy();
}
