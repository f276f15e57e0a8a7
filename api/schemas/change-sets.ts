/** Change-sets as people and clients see them. What may be proposed and decided is core/changes' business. */
import * as z from 'zod';
import type { JsonValue } from '../../core/canonical/index.ts';
import {
  abortInputSchema,
  CHANGE_STATES,
  decisionInputSchema,
  overrideInputSchema,
  proposalInputSchema,
  resolutionInputSchema,
  revertInputSchema,
  reviewInputSchema,
  revisionInputSchema,
  revocationInputSchema,
  RISK_LEVELS,
  STEP_SCHEMAS,
  STEP_TYPES,
  withdrawInputSchema,
  type ActResult,
  type ChangePage,
  type ChangeView,
  type DecideResult,
  type DryRun,
  type MatchedRule,
  type PatchStep,
  type Preview,
  type ProposeResult,
  type RiskView,
} from '../../core/changes/index.ts';
import { assessmentHash, chainHash, contentHash, count, entityId, hash, instant, jsonObject, seq } from './fields.ts';

const operationsExample = [{ type: 'state.patch', payload: [{ op: 'replace', path: '/limit', value: '500.00' }] }];
const reasonExample = { reason: 'the customer called back' };

export const proposalSchema = proposalInputSchema.meta({
  id: 'ProposalInput',
  examples: [
    {
      entityId: 'account:1695',
      title: 'Lower the limit',
      rationale: 'Three rejected payments in a week',
      evidence: [],
      operations: operationsExample,
    },
  ],
});
export const revisionSchema = revisionInputSchema.meta({
  id: 'RevisionInput',
  examples: [{ title: 'Lower the limit', rationale: 'As discussed', operations: operationsExample }],
});
export const decisionSchema = decisionInputSchema.meta({
  id: 'DecisionInput',
  description: 'Binds to exactly one revision, content and assessment: copy them from the change-set you looked at.',
  examples: [
    {
      revision: 1,
      contentHash: '7a'.repeat(32),
      assessmentHash: '3f'.repeat(32),
      decision: 'approve',
      nonce: 'Zk3vQ1mJ8xT0pW5a',
    },
  ],
});
export const revocationSchema = revocationInputSchema.meta({ id: 'RevocationInput', examples: [reasonExample] });
export const overrideSchema = overrideInputSchema.meta({
  id: 'OverrideInput',
  description: 'Binds to exactly one revision, content and assessment, like a decision.',
  examples: [
    {
      ...{ revision: 1, contentHash: '7a'.repeat(32), assessmentHash: '3f'.repeat(32), nonce: 'Zk3vQ1mJ8xT0pW5a' },
      ...{ ticket: 'INC-1042', reason: 'payments fail until the limit is raised' },
    },
  ],
});
export const reviewSchema = reviewInputSchema.meta({
  id: 'ReviewInput',
  examples: [{ verdict: 'justified', reason: 'nobody else could be reached' }],
});
export const resolutionSchema = resolutionInputSchema.meta({
  id: 'ResolutionInput',
  examples: [
    {
      outcome: 'rolled_back',
      reason: 'the bank confirms that nothing was booked',
      evidence: [{ url: 'https://bank.example/case/77', hash: '7a'.repeat(32) }],
    },
  ],
});
export const revertSchema = revertInputSchema.meta({
  id: 'RevertInput',
  examples: [{ rationale: 'the limit was meant for another account' }],
});
export const withdrawSchema = withdrawInputSchema.meta({ id: 'WithdrawInput', examples: [reasonExample] });
export const abortSchema = abortInputSchema.meta({ id: 'AbortInput', examples: [reasonExample] });

const text = z.string();
const json = z.custom<JsonValue>((value) => value !== undefined);
const document = z.union([z.null(), jsonObject]);
const failure = z.strictObject({ code: text, message: text });
const evidence = z.array(
  z.strictObject({ url: text, hash: hash.brand<'EvidenceHash'>(), title: text.exactOptional() }),
);

const operation = z
  .strictObject({
    type: text,
    payload: json,
    baseVersion: count.exactOptional(),
    executor: text,
    inverse: z.enum(['restore-before-image', 'executor-undo', 'none']),
  })
  .meta({ id: 'Operation' });

const enforcement = z.enum(['soft', 'hard']);
const matchedRule: z.ZodType<MatchedRule> = z
  .strictObject({
    ...{ name: text, level: z.enum(RISK_LEVELS), roles: z.array(text), approvals: count, timelockMinutes: count },
    ...{ enforcement, when: jsonObject, because: jsonObject },
  })
  .meta({ id: 'MatchedRule', description: '`because`: the facts that `when` tests, by name, as they were' });

const risk: z.ZodType<RiskView> = z
  .strictObject({
    level: z.enum(RISK_LEVELS),
    enforcement,
    roles: z.array(text),
    approvals: count,
    timelockMinutes: count,
    policy: z.strictObject({ version: text, hash: hash.brand<'RiskTableHash'>() }),
    matched: z.array(text),
    rules: z.array(matchedRule).exactOptional(),
    drivenBy: z.array(text).exactOptional(),
    facts: jsonObject,
    eligible: z.record(text, z.array(text)).exactOptional(),
    sampled: z.literal(true).exactOptional(),
    timelockUntil: instant.exactOptional(),
  })
  .meta({ id: 'Risk' });

const assessment: z.ZodType<NonNullable<ChangeView['assessment']>> = STEP_SCHEMAS['change.assessed']
  .omit({ assessmentHash: true })
  .meta({
    id: 'Assessment',
    description: 'What the assessment hash stands for; docs/formats.md says how it is hashed',
  });

const patchStep: z.ZodType<PatchStep> = z
  .union([
    z.strictObject({ op: z.enum(['add', 'replace']), path: text, value: json }),
    z.strictObject({ op: z.literal('remove'), path: text }),
  ])
  .meta({ id: 'PatchStep', description: 'RFC 6902' });

const preview: z.ZodType<Preview> = z
  .union([
    z.strictObject({
      kind: z.literal('preview'),
      version: count,
      before: document,
      after: document,
      patch: z.array(patchStep),
    }),
    z.strictObject({ kind: z.literal('misfit'), reason: text }),
  ])
  .meta({ id: 'Preview', description: 'what the operations make of the document as it is now' });

const personId = text.brand<'PersonId'>();
const stillNeeded = z.strictObject({ text, approvals: count, roles: z.array(text) });

const standingVote = z.strictObject({
  personId,
  account: text,
  decision: z.enum(['approve', 'reject', 'request-changes']),
  reason: text.exactOptional(),
  at: instant,
  hash: chainHash,
});

const review = z.strictObject({
  ...{ personId, verdict: z.enum(['justified', 'unjustified']), reason: text, at: instant },
});
const postExecution = {
  reverts: text.exactOptional().meta({ description: 'the executed change-set that this one takes back' }),
  supersedes: text.exactOptional(),
  override: z.strictObject({ personId, account: text, ticket: text, reason: text }).exactOptional(),
  postReview: z
    .strictObject({ kind: z.enum(['override', 'sample']), due: instant, reviews: z.array(review) })
    .exactOptional(),
  resolutions: z
    .array(
      z.strictObject({
        ...{ personId, account: text, outcome: z.enum(['executed', 'rolled_back']), reason: text, evidence },
      }),
    )
    .exactOptional(),
};

export const changeSchema: z.ZodType<ChangeView> = z
  .strictObject({
    id: text,
    entityId,
    title: text,
    rationale: text,
    evidence,
    operations: z.array(operation),
    proposer: z.strictObject({
      kind: z.enum(['person', 'agent', 'module', 'service']),
      id: text,
      via: text.exactOptional(),
      logic: text.exactOptional(),
    }),
    state: z.enum(CHANGE_STATES),
    revision: z.int().min(1),
    contentHash,
    assessmentHash: assessmentHash.exactOptional(),
    assessment: assessment.exactOptional(),
    risk: risk.exactOptional(),
    blocked: failure.exactOptional(),
    failure: failure.exactOptional(),
    votes: z.array(standingVote),
    stillNeeded: stillNeeded.exactOptional(),
    mayVoteAs: z
      .array(z.strictObject({ personId, delegation: chainHash.exactOptional() }))
      .exactOptional()
      .meta({
        description: 'with for=me, and of one change-set: whose vote you could cast: your own, or one delegated to you',
      }),
    mayNotVote: failure
      .exactOptional()
      .meta({ description: 'of one change-set: why your own vote would be refused as things stand' }),
    deadline: instant,
    preview: preview.exactOptional(),
    entries: z.array(z.strictObject({ type: z.enum(STEP_TYPES), seq, hash: chainHash, at: instant })),
    createdAt: instant,
    updatedAt: instant,
    ...postExecution,
    work: z
      .strictObject({ workId: text, fence: seq, by: text })
      .exactOptional()
      .meta({ description: 'the claim of work under which this revision was proposed, and whose it is' }),
  })
  .meta({ id: 'ChangeSet' });

export const dryRunSchema: z.ZodType<DryRun> = z
  .strictObject({
    entityId,
    contentHash,
    risk,
    needs: stillNeeded.exactOptional(),
    deciders: z.record(text, z.array(text)),
    preview,
  })
  .meta({ id: 'DryRun', description: 'what proposing this would mean; nothing is recorded' });

export const changePageSchema: z.ZodType<ChangePage> = z
  .strictObject({ changes: z.array(changeSchema), next: text.exactOptional() })
  .meta({ id: 'ChangeSetPage' });

export const proposedSchema: z.ZodType<ProposeResult> = z
  .strictObject({ kind: z.enum(['created', 'existing']), change: changeSchema })
  .meta({ id: 'Proposed' });

export const decidedSchema: z.ZodType<DecideResult> = z
  .strictObject({
    kind: z.enum(['decided', 'recorded']),
    vote: z.strictObject({ seq, hash: chainHash, at: instant }),
    change: changeSchema,
  })
  .meta({ id: 'Decided', description: '`recorded`: this very decision was recorded before.' });

export const actionResultSchema: z.ZodType<ActResult> = z
  .strictObject({ kind: z.enum(['done', 'recorded']), change: changeSchema })
  .meta({ id: 'Acted', description: '`recorded`: this very act was recorded before.' });
