/** Change-sets as people and clients see them. What may be proposed and decided is core/changes' business. */
import * as z from 'zod';
import type { JsonValue } from '../../core/canonical/index.ts';
import {
  abortInputSchema,
  CHANGE_STATES,
  decisionInputSchema,
  proposalInputSchema,
  revisionInputSchema,
  RISK_LEVELS,
  STEP_TYPES,
  withdrawInputSchema,
  type ChangePage,
  type ChangeView,
  type DecideResult,
  type PatchStep,
  type Preview,
  type ProposeResult,
  type RiskView,
} from '../../core/changes/index.ts';
import { count, entityId, hash, instant, jsonObject, seq } from './fields.ts';

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
export const withdrawSchema = withdrawInputSchema.meta({ id: 'WithdrawInput', examples: [reasonExample] });
export const abortSchema = abortInputSchema.meta({ id: 'AbortInput', examples: [reasonExample] });

const text = z.string();
const json = z.custom<JsonValue>((value) => value !== undefined);
const document = z.union([z.null(), jsonObject]);
const failure = z.strictObject({ code: text, message: text });
const evidence = z.array(z.strictObject({ url: text, hash, title: text.exactOptional() }));

const operation = z
  .strictObject({
    type: text,
    payload: json,
    baseVersion: count.exactOptional(),
    executor: text,
    inverse: z.enum(['restore-before-image', 'none']),
  })
  .meta({ id: 'Operation' });

const risk: z.ZodType<RiskView> = z
  .strictObject({
    level: z.enum(RISK_LEVELS),
    roles: z.array(text),
    approvals: count,
    timelockMinutes: count,
    policy: z.strictObject({ version: text, hash }),
    matched: z.array(text),
    facts: jsonObject,
    timelockUntil: instant.exactOptional(),
  })
  .meta({ id: 'Risk' });

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

const standingVote = z.strictObject({
  personId: text,
  account: text,
  decision: z.enum(['approve', 'reject']),
  reason: text.exactOptional(),
  at: instant,
  hash,
});

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
    contentHash: hash,
    assessmentHash: hash.exactOptional(),
    risk: risk.exactOptional(),
    blocked: failure.exactOptional(),
    failure: failure.exactOptional(),
    votes: z.array(standingVote),
    stillNeeded: z.strictObject({ text, approvals: count, roles: z.array(text) }).exactOptional(),
    deadline: instant,
    preview: preview.exactOptional(),
    entries: z.array(z.strictObject({ type: z.enum(STEP_TYPES), seq, hash, at: instant })),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'ChangeSet' });

export const changePageSchema: z.ZodType<ChangePage> = z
  .strictObject({ changes: z.array(changeSchema), next: text.exactOptional() })
  .meta({ id: 'ChangeSetPage' });

export const proposedSchema: z.ZodType<ProposeResult> = z
  .strictObject({ kind: z.enum(['created', 'existing']), change: changeSchema })
  .meta({ id: 'Proposed' });

export const decidedSchema: z.ZodType<DecideResult> = z
  .strictObject({
    kind: z.enum(['decided', 'recorded']),
    vote: z.strictObject({ seq, hash, at: instant }),
    change: changeSchema,
  })
  .meta({ id: 'Decided', description: '`recorded`: this very decision was recorded before.' });
