/**
 * Deciding: a person approves, rejects or asks for changes of exactly one revision, content and assessment. The vote, the
 * nonce and what follows from the vote (approved, rejected) are one transaction; the same decision again is answered with
 * what is recorded.
 */
import * as z from 'zod';
import { assertionSchema } from '../../assertions/index.ts';
import type { StepHash } from '../../brands/index.ts';
import { SYSTEM_ACTOR } from '../../ledger/index.ts';
import { actorOf, type Principal } from '../../policy/index.ts';
import { approvalStep } from '../risk/assess.ts';
import type { StoredChange } from '../store/change-store.ts';
import { parseInput, plainText } from '../operations/content.ts';
import type { Context } from '../recording/context.ts';
import { assertionRefusal } from '../model/decision-challenge.ts';
import { voteSignatureRefusal } from '../model/signed-decisions.ts';
import { votingAs } from './delegation.ts';
import { requirementOf, standingQuorum } from '../model/quorum.ts';
import { readEntry } from '../model/read-entry.ts';
import type { ChangeRecord, StandingVote } from '../model/record.ts';
import { isRefused, noSuchChange, refused, type Refusal, type Refused } from '../model/refusal.ts';
import { staleness, voteRefusal } from '../reducer/reduce-vote.ts';
import type { ActRequest } from '../recording/record-act.ts';
import { MAX_TRIES, tooBusy } from '../recording/record-steps.ts';
import { peopleOnly } from '../recording/who-may.ts';
import { stepHash, type StepDraft, type Vote } from '../model/steps.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');

/** Of one change-set, over all its revisions, those taken back included. */
const MAX_VOTES = 200;

/** What every decision binds to, and what makes it count once. */
export const bindingFields = {
  revision: z.int().min(1),
  contentHash: sha256.brand<'ContentHash'>(),
  assessmentHash: sha256.brand<'AssessmentHash'>(),
  /** chosen by the client, new for every decision */
  nonce: z.string().regex(/^[A-Za-z0-9_-]{16,64}$/, 'must be 16-64 of A-Z a-z 0-9 _ -'),
  /** made by the person's own key over the decision's challenge */
  assertion: assertionSchema.exactOptional(),
};

export const decisionInputSchema = z.strictObject({
  ...bindingFields,
  decision: z.enum(['approve', 'reject', 'request-changes']),
  /** the decision counts only if it is recorded before */
  expiresAt: z.iso.datetime().brand<'IsoInstant'>().exactOptional(),
  /** required to reject and to ask for changes */
  reason: plainText(1000).exactOptional(),
  /** personId of who delegated their vote to the person who decides */
  onBehalfOf: z.string().min(1).max(64).brand<'PersonId'>().exactOptional(),
});
export type DecisionInput = z.input<typeof decisionInputSchema>;

export interface Decided {
  /** `recorded`: this very decision was recorded before; nothing was written now */
  readonly kind: 'decided' | 'recorded';
  readonly stored: StoredChange;
  readonly vote: StandingVote;
}

/** A refusal says why the decision does not count. */
export async function decide(
  context: Context,
  principal: Principal,
  { id, input }: ActRequest,
): Promise<Decided | Refused> {
  // Who may decide at all, and what they said.
  if (principal.kind !== 'person') return peopleOnly(principal, 'decide');
  const said = parseInput(decisionInputSchema, input);
  if (isRefused(said)) return said;
  const { onBehalfOf, ...decision } = said;
  const { nonce } = decision;
  const personId = onBehalfOf ?? principal.personId;
  const subject = { ...decision, ledger: context.ledger, change: id, personId };
  const foreign = assertionRefusal(decision.assertion, subject);
  if (foreign !== undefined) return foreign;

  for (let tries = 0; tries < MAX_TRIES; tries++) {
    // The record as it stands; the very same decision is answered with what is there.
    const current = await context.store.find(id);
    if (current === undefined) return noSuchChange(id);
    const { record } = current;
    const standing = record.votes.find((one) => isSameDecision(one, { ...decision, personId }));
    if (standing !== undefined) return { kind: 'recorded', stored: current, vote: standing };

    // Once only, and with whose roles.
    const refusal = roomRefusal(record, decision) ?? (await replayRefusal(context, record, nonce));
    if (refusal !== undefined) return refusal;
    const asOf = context.clock.now();
    const mandate = await votingAs(context, principal.personId, onBehalfOf);
    if (isRefused(mandate)) return mandate;
    const { checks, ...roles } = mandate;
    const unsigned = signatureOfStanding(context, record, { ...decision, ...roles });
    if (unsigned !== undefined) return unsigned;

    // The vote with all it binds to, and what follows from it.
    const vote: Vote = { ...decision, change: id, ...roles, ...context.under };
    const voted: StepDraft = { type: 'change.voted', actor: actorOf(principal), data: vote };
    const used = context.store.once(context.store.keys.nonce(nonce), { change: id, personId });

    // One transaction. Whether it is about the record as it stands, the reducer says.
    const recorded = await context.recorder.record({
      ...{ id, entityId: record.entityId, current, asOf },
      steps: [voted, ...consequences(context, record, voted)],
      // One vote per person is the record's business, which is written only as it was read.
      writes: [used, ...checks],
    });
    if (recorded.kind === 'refused') return recorded;
    if (recorded.kind === 'recorded') {
      const { stored } = recorded;
      return { kind: 'decided', stored, vote: stored.record.votes.at(-1) as StandingVote };
    }
    // Somebody was faster.
  }
  return tooBusy();
}

/** The approval, where these votes are enough for it. */
export function approvalBy(
  { under }: Pick<Context, 'under'>,
  record: ChangeRecord,
  votes: readonly (Pick<Vote, 'personId' | 'roles' | 'decision'> & { readonly step: StepHash })[],
): StepDraft[] {
  const { assessment, proposal, id, content } = record;
  const requirement = requirementOf(record);
  if (assessment === undefined || requirement === undefined || !standingQuorum(requirement, votes).reached) return [];
  const restsOn = { change: id, revision: content.revision, proposal, assessment: assessment.step };
  return [approvalStep({ ...restsOn, votes: votes.map(({ step }) => step), ...under })];
}

/** DECISION_REPLAYED. The write refuses a used nonce too, as long as its item is there. */
export async function replayRefusal(
  { store, entries }: Context,
  { entityId, entries: own, votes }: ChangeRecord,
  nonce: string,
): Promise<Refusal | undefined> {
  // A decision that is replayed is about the assessment in force, so it is one that was taken back since.
  const assessed = own.findLastIndex(({ type }) => type === 'change.assessed');
  const takenBack = own
    .slice(assessed + 1)
    .filter(({ type, hash }) => type === 'change.voted' && votes.every((vote) => vote.hash !== hash));
  const nonces = await Promise.all(
    takenBack.map(async ({ seq }) => (await readEntry(entries, entityId, seq)).body.data['nonce']),
  );
  if (nonces.includes(nonce) || (await store.isTaken(store.keys.nonce(nonce))))
    return refused('DECISION_REPLAYED', `nonce "${nonce}" was used before: decide again with a new nonce`);
  return undefined;
}

/** What is voted on and revoked again and again would outgrow its record; it can always be rejected. */
function roomRefusal({ id, entries }: ChangeRecord, { decision }: Pick<Vote, 'decision'>): Refusal | undefined {
  const votes = entries.filter(({ type }) => type === 'change.voted').length;
  return decision === 'reject' || votes < MAX_VOTES
    ? undefined
    : refused('CHANGE_STATE_CONFLICT', `${MAX_VOTES} votes were cast on ${id}: reject it, or have it proposed anew`);
}

/** Only where it is about what stands: what is stale is told so, before anybody is sent to sign it. */
function signatureOfStanding(context: Context, record: ChangeRecord, vote: Omit<Vote, 'change'>): Refusal | undefined {
  if (staleness(record, vote) !== undefined || voteRefusal(record, vote) !== undefined) return undefined;
  return voteSignatureRefusal(vote, { ledger: context.ledger, record, signers: context.signers });
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
