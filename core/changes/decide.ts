/**
 * Deciding: a person approves or rejects exactly one revision, content and assessment. The vote, the nonce and what follows
 * from the vote (approved, rejected) are one transaction; the same decision again is answered with what is recorded.
 */
import * as z from 'zod';
import { SYSTEM_ACTOR } from '../ledger/index.ts';
import { actorOf, type Principal } from '../policy/index.ts';
import { approvalStep } from './assess.ts';
import type { StoredChange } from './change-store.ts';
import { parseInput, plainText } from './content.ts';
import { findChange, type Context } from './context.ts';
import { refuse } from './errors.ts';
import { countQuorum } from './quorum.ts';
import type { ChangeRecord, StandingVote } from './record.ts';
import { decideUntilWritten } from './record-steps.ts';
import { stepHash, type StepDraft, type Vote } from './steps.ts';

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be a SHA-256 in lower-case hex');

export const decisionInputSchema = z.strictObject({
  revision: z.int().min(1),
  contentHash: sha256,
  assessmentHash: sha256,
  decision: z.enum(['approve', 'reject']),
  /** chosen by the client, new for every decision */
  nonce: z.string().regex(/^[A-Za-z0-9_-]{16,64}$/, 'must be 16-64 of A-Z a-z 0-9 _ -'),
  /** the decision counts only if it is recorded before */
  expiresAt: z.iso.datetime().exactOptional(),
  /** required to reject */
  reason: plainText(1000).exactOptional(),
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
  if (principal.kind !== 'person')
    refuse('AGENTS_CANNOT_DECIDE', `${principal.kind} "${principal.id}" cannot decide: ask a person`);
  const decision = parseInput(decisionInputSchema, input);
  const { personId } = principal;
  const nonceKey = context.store.keys.nonce(decision.nonce);
  return decideUntilWritten<Decided>(async () => {
    const current = await findChange(context, id);
    const vote: Vote = { ...decision, change: id, personId, roles: [...context.policy.rolesOf(personId)].sort() };
    const standing = current.record.votes.find((one) => isSameDecision(one, vote));
    if (standing !== undefined) return { kind: 'done', result: { kind: 'recorded', stored: current, vote: standing } };
    if (await context.store.isTaken(nonceKey))
      refuse('DECISION_REPLAYED', `nonce "${decision.nonce}" was used before: decide again with a new nonce`);
    const voted: StepDraft = { type: 'change.voted', actor: actorOf(principal), data: vote };
    const { entityId, round } = current.record;
    const voteKey = context.store.keys.vote(id, { revision: vote.revision, round, personId });
    const recorded = await context.recorder.record({
      ...{ id, entityId, current, steps: [voted, ...consequences(current.record, voted)] },
      writes: [nonceKey, voteKey].map((key) => context.store.once(key, { change: id, personId })),
    });
    if (recorded.kind !== 'recorded') return { kind: 'again' };
    const { stored } = recorded;
    return { kind: 'done', result: { kind: 'decided', stored, vote: stored.record.votes.at(-1) as StandingVote } };
  });
}

/** One rejection ends it; an approval that completes the quorum approves it. */
function consequences(record: ChangeRecord, voted: Extract<StepDraft, { type: 'change.voted' }>): StepDraft[] {
  const { assessment, proposal, votes, id, content } = record;
  if (assessment === undefined) return []; // the vote itself is refused
  const restsOn = { change: id, revision: content.revision, proposal, assessment: assessment.step };
  const vote = stepHash(voted);
  if (voted.data.decision === 'reject')
    return [{ type: 'change.rejected', actor: SYSTEM_ACTOR, data: { ...restsOn, vote } }];
  const { reached } = countQuorum(assessment, [...votes, voted.data]);
  return reached ? [approvalStep({ ...restsOn, votes: [...votes.map(({ step }) => step), vote] })] : [];
}

/** The same decision by the same person, under whichever account; the roles are ours, not part of it. */
function isSameDecision(standing: Vote, vote: Vote): boolean {
  const fields = [
    'personId',
    'revision',
    'contentHash',
    'assessmentHash',
    'decision',
    'nonce',
    'expiresAt',
    'reason',
  ] as const;
  return fields.every((field) => standing[field] === vote[field]);
}
