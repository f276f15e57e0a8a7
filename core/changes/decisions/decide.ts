/**
 * Deciding: a person approves, rejects or asks for changes of exactly one revision, content and assessment. The vote, the
 * nonce and what follows from the vote (approved, rejected) are one transaction; the same decision again is answered with
 * what is recorded.
 */
import * as z from 'zod';
import { SYSTEM_ACTOR } from '../../ledger/index.ts';
import { actorOf, type Principal } from '../../policy/index.ts';
import { approvalStep } from '../risk/assess.ts';
import type { StoredChange } from '../store/change-store.ts';
import { parseInput, plainText } from '../operations/content.ts';
import { findChange, requirePerson, type Context } from '../recording/context.ts';
import { assertionSchema, assertSigned } from '../model/decision-challenge.ts';
import { votingAs } from './delegation.ts';
import { refuse } from '../model/errors.ts';
import { requirementOf, standingQuorum } from '../model/quorum.ts';
import { readEntry } from '../model/read-entry.ts';
import type { ChangeRecord, StandingVote } from '../model/record.ts';
import { decideUntilWritten } from '../recording/record-steps.ts';
import { stepHash, type StepDraft, type Vote } from '../model/steps.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');

/** Of one change-set, over all its revisions, those taken back included. */
const MAX_VOTES = 200;

/** What every decision binds to, and what makes it count once. */
export const bindingFields = {
  revision: z.int().min(1),
  contentHash: sha256,
  assessmentHash: sha256,
  /** chosen by the client, new for every decision */
  nonce: z.string().regex(/^[A-Za-z0-9_-]{16,64}$/, 'must be 16-64 of A-Z a-z 0-9 _ -'),
  /** made by the person's own key over the decision's challenge */
  assertion: assertionSchema.exactOptional(),
};

export const decisionInputSchema = z.strictObject({
  ...bindingFields,
  decision: z.enum(['approve', 'reject', 'request-changes']),
  /** the decision counts only if it is recorded before */
  expiresAt: z.iso.datetime().exactOptional(),
  /** required to reject and to ask for changes */
  reason: plainText(1000).exactOptional(),
  /** personId of who delegated their vote to the person who decides */
  onBehalfOf: z.string().min(1).max(64).exactOptional(),
});
export type DecisionInput = z.input<typeof decisionInputSchema>;

export interface Decided {
  /** `recorded`: this very decision was recorded before; nothing was written now */
  readonly kind: 'decided' | 'recorded';
  readonly stored: StoredChange;
  readonly vote: StandingVote;
}

/** @throws ChangeError with the reason the decision does not count */
export async function decide(
  context: Context,
  principal: Principal,
  { id, input }: { id: string; input: unknown },
): Promise<Decided> {
  requirePerson(principal, 'decide');
  const { onBehalfOf, ...decision } = parseInput(decisionInputSchema, input);
  const personId = onBehalfOf ?? principal.personId;
  assertSigned(decision.assertion, { ...decision, ledger: context.ledger, change: id, personId });
  return decideUntilWritten<Decided>(async () => {
    const current = await findChange(context, id);
    const standing = current.record.votes.find((one) => isSameDecision(one, { ...decision, personId }));
    if (standing !== undefined) return { kind: 'done', result: { kind: 'recorded', stored: current, vote: standing } };
    if (decision.decision !== 'reject') assertRoom(current.record);
    await assertFresh(context, current.record, decision.nonce);
    const { checks, ...mandate } = await votingAs(context, principal.personId, onBehalfOf);
    const vote: Vote = { ...decision, change: id, ...mandate, ...context.under };
    const voted: StepDraft = { type: 'change.voted', actor: actorOf(principal), data: vote };
    const { entityId } = current.record;
    const used = context.store.once(context.store.keys.nonce(decision.nonce), { change: id, personId });
    const recorded = await context.recorder.record({
      ...{ id, entityId, current, steps: [voted, ...consequences(context, current.record, voted)] },
      // One vote per person is the record's business, which is written only as it was read.
      writes: [used, ...checks],
    });
    if (recorded.kind !== 'recorded') return { kind: 'again' };
    const { stored } = recorded;
    return { kind: 'done', result: { kind: 'decided', stored, vote: stored.record.votes.at(-1) as StandingVote } };
  });
}

/** The approval, where these votes are enough for it. */
export function approvalBy(
  { under }: Pick<Context, 'under'>,
  record: ChangeRecord,
  votes: readonly (Pick<Vote, 'personId' | 'roles' | 'decision'> & { readonly step: string })[],
): StepDraft[] {
  const { assessment, proposal, id, content } = record;
  const requirement = requirementOf(record);
  if (assessment === undefined || requirement === undefined || !standingQuorum(requirement, votes).reached) return [];
  const restsOn = { change: id, revision: content.revision, proposal, assessment: assessment.step };
  return [approvalStep({ ...restsOn, votes: votes.map(({ step }) => step), ...under })];
}

/** @throws ChangeError DECISION_REPLAYED. The write refuses a used nonce too, as long as its item is there. */
export async function assertFresh(
  { store, entries }: Context,
  { entityId, entries: own, votes }: ChangeRecord,
  nonce: string,
): Promise<void> {
  // A decision that is replayed is about the assessment in force, so it is one that was taken back since.
  const assessed = own.findLastIndex(({ type }) => type === 'change.assessed');
  const takenBack = own
    .slice(assessed + 1)
    .filter(({ type, hash }) => type === 'change.voted' && votes.every((vote) => vote.hash !== hash));
  const nonces = await Promise.all(
    takenBack.map(async ({ seq }) => (await readEntry(entries, entityId, seq)).body.data['nonce']),
  );
  if (nonces.includes(nonce) || (await store.isTaken(store.keys.nonce(nonce))))
    refuse('DECISION_REPLAYED', `nonce "${nonce}" was used before: decide again with a new nonce`);
}

/** What is voted on and revoked again and again would outgrow its record; it can always be rejected. @throws ChangeError */
function assertRoom({ id, entries }: ChangeRecord): void {
  if (entries.filter(({ type }) => type === 'change.voted').length >= MAX_VOTES)
    refuse('CHANGE_STATE_CONFLICT', `${MAX_VOTES} votes were cast on ${id}: reject it, or have it proposed anew`);
}

/** One rejection ends it; an approval that completes the quorum approves it. */
function consequences(
  context: Pick<Context, 'under'>,
  record: ChangeRecord,
  voted: Extract<StepDraft, { type: 'change.voted' }>,
): StepDraft[] {
  const { assessment, proposal, votes, id, content } = record;
  if (assessment === undefined) return []; // the vote itself is refused
  const vote = stepHash(voted);
  if (voted.data.decision !== 'reject') return approvalBy(context, record, [...votes, { ...voted.data, step: vote }]);
  const restsOn = { change: id, revision: content.revision, proposal, assessment: assessment.step };
  return [{ type: 'change.rejected', actor: SYSTEM_ACTOR, data: { ...restsOn, vote, ...context.under } }];
}

/** The same decision by the same person, under whichever account; the roles are ours, not part of it. */
function isSameDecision(standing: Vote, vote: Pick<Vote, (typeof SAID)[number]>): boolean {
  return SAID.every((field) => standing[field] === vote[field]);
}

/** What a person says with a decision. */
const SAID = [
  'personId',
  'revision',
  'contentHash',
  'assessmentHash',
  'decision',
  'nonce',
  'expiresAt',
  'reason',
] as const;
