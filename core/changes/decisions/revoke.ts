/**
 * Takes a vote back before the change-set runs. An approval that rested on the vote ends, and an objection no longer holds the
 * change-set up. The person may vote again afterwards. The answer to a repeated revocation is what is recorded.
 */
import * as z from 'zod';
import type { PersonId } from '../../brands/index.ts';
import { actorOf, type Principal } from '../../policy/index.ts';
import { defined } from '../../values/index.ts';
import { recordAct, type ActRequest, type RecordedAct } from '../recording/record-act.ts';
import { MAX_TRIES, tooBusy } from '../recording/record-steps.ts';
import { peopleOnly } from '../recording/who-may.ts';
import { parseInput, plainText } from '../operations/content.ts';
import type { Context } from '../recording/context.ts';
import { approvalBy } from './decide.ts';
import { readEntry } from '../model/read-entry.ts';
import type { ChangeRecord, StandingVote } from '../model/record.ts';
import { isRefused, noSuchChange, refused, type Refused } from '../model/refusal.ts';
import { parseStep, stepHash, type StepDraft } from '../model/steps.ts';

export const revocationInputSchema = z.strictObject({
  /** chain hash of the vote's entry, as the change-set shows it; without it, the vote that stands now */
  vote: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be the hash of a vote as the change-set shows it')
    .exactOptional(),
  reason: plainText(1000).exactOptional(),
});
export type RevocationInput = z.input<typeof revocationInputSchema>;

/** Refused: NO_SUCH_VOTE | DECISION_EXPIRED | CHANGE_STATE_CONFLICT */
export async function revoke(
  context: Context,
  principal: Principal,
  { id, input }: ActRequest,
): Promise<RecordedAct | Refused> {
  if (principal.kind !== 'person') return peopleOnly(principal, 'revoke a vote');
  const given = parseInput(revocationInputSchema, input);
  if (isRefused(given)) return given;
  const { vote: named, reason } = given;
  const { personId } = principal;

  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const current = await context.store.find(id);
    if (current === undefined) return noSuchChange(id);
    const { record } = current;
    const vote = record.votes.find((one) => isOf(one, personId) && (named === undefined || one.hash === named));
    if (vote === undefined)
      return (await isRevoked(context, record, { personId, named }))
        ? { kind: 'recorded', stored: current }
        : refused('NO_SUCH_VOTE', `${personId} has no ${named === undefined ? '' : 'such '}vote on ${id} to revoke`);
    const data = { change: id, revision: record.content.revision, vote: vote.step, personId };
    const revoked: StepDraft = {
      type: 'change.vote-revoked',
      actor: actorOf(principal),
      data: { ...data, ...defined({ reason }), ...context.under },
    };
    const left = record.votes.filter((one) => one !== vote);
    const done = await recordAct(context, current, {
      // Without the objection that is taken back, the approvals there are may be enough.
      steps: [revoked, ...approvalBy(context, record, left)],
    });
    if (done !== 'again') return done;
  }
  return tooBusy();
}

/** Theirs, or cast by them for somebody else. */
function isOf({ personId, delegate }: StandingVote, person: string): boolean {
  return personId === person || delegate?.personId === person;
}

/** The person has revoked the named vote, or any on the revision in force. */
async function isRevoked(
  { entries }: Context,
  { entityId, entries: own, content }: ChangeRecord,
  { personId, named }: { readonly personId: PersonId; readonly named: string | undefined },
): Promise<boolean> {
  const places = own.filter(({ type }) => type === 'change.voted' || type === 'change.vote-revoked');
  const steps = await Promise.all(places.map(async ({ seq }) => parseStep(await readEntry(entries, entityId, seq))));
  const vote = steps.find((step) => step?.type === 'change.voted' && step.hash === named);
  return steps.some((step) => {
    if (step?.type !== 'change.vote-revoked' || step.data.personId !== personId) return false;
    if (named === undefined) return step.data.revision === content.revision;
    return vote !== undefined && step.data.vote === stepHash(vote);
  });
}
