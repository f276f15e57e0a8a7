/** A change-set's record as an item. It grants nothing by itself (proofs.ts), but what reads it relies on its form. */
import { branded, codecOf, hash, instant, stored, whole } from '../../values/index.ts';
import type { StepHash } from '../../brands/index.ts';
import { ENTITY_ID, type Actor } from '../../ledger/index.ts';
import { CHANGE_STATES, STEP_TYPES } from '../model/lifecycle.ts';
import type { ChangeRecord, Progress } from '../model/record.ts';
import { policyEntrySchema, STEP_SCHEMAS, type Failure } from '../model/steps.ts';
import * as z from 'zod';

const time = STEP_SCHEMAS['change.revised'].shape.deadline;
const step = STEP_SCHEMAS['change.assessed'].shape.proposal;
const placed = { step, seq: z.int(), hash: policyEntrySchema.shape.hash, at: time };
const failure = stored<Failure>({ code: z.string(), message: z.string() });
const schemas = STEP_SCHEMAS;

export const changeCodec = codecOf<ChangeRecord>(
  'change-set',
  stored<ChangeRecord>({
    id: z.string(),
    entityId: branded(z.string().regex(ENTITY_ID, 'no entity id')),
    state: z.enum(CHANGE_STATES),
    proposer: stored<Actor>({
      kind: z.enum(['person', 'agent', 'module', 'service']),
      id: z.string(),
      via: z.string().exactOptional(),
      logic: z.string().exactOptional(),
    }),
    content: schemas['change.revised'],
    proposal: hash(),
    round: whole,
    assessment: schemas['change.assessed'].extend({ step }).exactOptional(),
    blocked: failure.exactOptional(),
    votes: z.array(schemas['change.voted'].extend({ ...placed, account: z.string() })),
    reminders: whole.exactOptional(),
    eligible: schemas['change.escalated'].shape.eligible.exactOptional(),
    override: schemas['change.overridden'].extend({ step, account: z.string() }).exactOptional(),
    postReview: stored<NonNullable<ChangeRecord['postReview']>>({
      kind: z.enum(['override', 'sample']),
      due: instant,
      reviews: z.array(schemas['change.reviewed'].extend({ at: time })),
    }).exactOptional(),
    resolutions: z.array(schemas['change.resolution'].extend({ step, account: z.string() })).exactOptional(),
    approval: stored<NonNullable<ChangeRecord['approval']>>({ step: hash(), timelockUntil: instant }).exactOptional(),
    claim: hash<StepHash>().exactOptional(),
    progress: z.array(
      stored<Progress>({
        status: z.enum(['intended', 'applied', 'not-applied', 'undone']),
        intent: hash(),
        intentSeq: whole,
        beforeHash: hash(),
        afterHash: hash(),
        applied: hash<StepHash>().exactOptional(),
      }),
    ),
    document: stored<NonNullable<ChangeRecord['document']>>({ version: whole, hash: hash() }).exactOptional(),
    failure: failure.exactOptional(),
    entries: z.array(
      stored<ChangeRecord['entries'][number]>({ type: z.enum(STEP_TYPES), seq: whole, hash: hash(), at: instant }),
    ),
    createdAt: instant,
    updatedAt: instant,
  }),
);
