/** Stopping a change-set: withdrawn by who proposed it before it runs, aborted by who could have vetoed it while it runs. */
import * as z from 'zod';
import { actorOf, type Principal } from '../policy/index.ts';
import type { StoredChange } from './change-store.ts';
import { parseInput, plainText } from './content.ts';
import { findChange, holdsNeededRole, speaksForProposer, type Context } from './context.ts';
import { refuse } from './errors.ts';
import { decideUntilWritten } from './record-steps.ts';
import type { StepDraft } from './steps.ts';

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
  return stop(context, id, ({ record }) => {
    if (!speaksForProposer(principal, record))
      refuse(
        'NOT_PROPOSER',
        `${id} was proposed by ${record.content.initiator}: only the proposer, or who answers for it, may withdraw it`,
      );
    const data = { change: id, revision: record.content.revision, ...(reason === undefined ? {} : { reason }) };
    return { type: 'change.withdrawn', actor: actorOf(principal), data };
  });
}

/** Stops between two operations; what was applied is undone. @throws ChangeError NOT_ELIGIBLE | CHANGE_STATE_CONFLICT */
export async function abort(
  context: Context,
  principal: Principal,
  { id, input }: { id: string; input: unknown },
): Promise<StoredChange> {
  if (principal.kind !== 'person')
    refuse('AGENTS_CANNOT_DECIDE', `${principal.kind} "${principal.id}" cannot abort: ask a person`);
  const { reason } = parseInput(abortInputSchema, input);
  return stop(context, id, ({ record }) => {
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
    };
    return { type: 'change.aborted', actor: actorOf(principal), data };
  });
}

async function stop(
  context: Context,
  id: string,
  stepFor: (current: StoredChange) => StepDraft,
): Promise<StoredChange> {
  return decideUntilWritten(async () => {
    const current = await findChange(context, id);
    const recorded = await context.recorder.record({
      ...{ id, entityId: current.record.entityId, current, steps: [stepFor(current)] },
    });
    return recorded.kind === 'recorded' ? { kind: 'done', result: recorded.stored } : { kind: 'again' };
  });
}
