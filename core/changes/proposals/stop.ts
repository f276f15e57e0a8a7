/** Stopping a change-set: withdrawn by who proposed it before it runs, aborted by who could have vetoed it while it runs. */
import * as z from 'zod';
import { actorOf, type Principal } from '../../policy/index.ts';
import { act } from '../recording/record-act.ts';
import type { StoredChange } from '../store/change-store.ts';
import { parseInput, plainText } from '../operations/content.ts';
import { holdsNeededRole, requirePerson, speaksForProposer, type Context } from '../recording/context.ts';
import { refuse } from '../model/errors.ts';

const MAX_REASON = 1000;
export const withdrawInputSchema = z.strictObject({ reason: plainText(MAX_REASON).exactOptional() });
export const abortInputSchema = z.strictObject({ reason: plainText(MAX_REASON) });

/** @throws ChangeError NOT_PROPOSER | CHANGE_STATE_CONFLICT */
export async function withdraw(
  context: Context,
  principal: Principal,
  { id, input }: { id: string; input: unknown },
): Promise<StoredChange> {
  const { reason } = parseInput(withdrawInputSchema, input);
  const { stored } = await act(context, id, async (record) => {
    if (!speaksForProposer(principal, record))
      refuse(
        'NOT_PROPOSER',
        `${id} was proposed by ${record.content.initiator}: only the proposer, or who answers for it, may withdraw it`,
      );
    const data = {
      change: id,
      revision: record.content.revision,
      ...(reason === undefined ? {} : { reason }),
      ...context.under,
    };
    return { steps: [{ type: 'change.withdrawn', actor: actorOf(principal), data }] };
  });
  return stored;
}

/** Stops between two operations; what was applied is undone. @throws ChangeError NOT_ELIGIBLE | CHANGE_STATE_CONFLICT */
export async function abort(
  context: Context,
  principal: Principal,
  { id, input }: { id: string; input: unknown },
): Promise<StoredChange> {
  requirePerson(principal, 'abort');
  const { reason } = parseInput(abortInputSchema, input);
  const { stored } = await act(context, id, async (record) => {
    if (!holdsNeededRole(context, principal, record))
      refuse('NOT_ELIGIBLE', `${principal.personId} holds none of the roles that ${id} needed: ask someone who does`);
    if (record.claim === undefined)
      refuse('CHANGE_STATE_CONFLICT', `${id} is ${record.state}: only what is executing can be aborted`);
    const data = {
      change: id,
      revision: record.content.revision,
      claim: record.claim,
      personId: principal.personId,
      reason,
      ...context.under,
    };
    return { steps: [{ type: 'change.aborted', actor: actorOf(principal), data }] };
  });
  return stored;
}
