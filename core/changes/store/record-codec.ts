/** A change-set's record as an item. It grants nothing by itself (proofs.ts), but what reads it relies on its form. */
import {
  codecOf,
  hash,
  instant,
  list,
  matching,
  object,
  ofSchema,
  oneOf,
  optional,
  text,
  whole,
} from '../../values/index.ts';
import { ENTITY_ID, type Actor } from '../../ledger/index.ts';
import { CHANGE_STATES, STEP_TYPES } from '../model/lifecycle.ts';
import type { ChangeRecord, Progress } from '../model/record.ts';
import { policyEntrySchema, STEP_SCHEMAS, type Failure } from '../model/steps.ts';
import * as z from 'zod';

const time = STEP_SCHEMAS['change.revised'].shape.deadline;
const step = STEP_SCHEMAS['change.assessed'].shape.proposal;
const placed = { step, seq: z.int(), hash: policyEntrySchema.shape.hash, at: time };
const failure = object<Failure>({ code: text, message: text });
const schemas = STEP_SCHEMAS;

export const changeCodec = codecOf<ChangeRecord>(
  'change-set',
  object<ChangeRecord>({
    id: text,
    entityId: matching(ENTITY_ID, 'an entity id'),
    state: oneOf(...CHANGE_STATES),
    proposer: object<Actor>({
      kind: oneOf('person', 'agent', 'module', 'service'),
      id: text,
      via: optional(text),
      logic: optional(text),
    }),
    content: ofSchema(schemas['change.revised']),
    proposal: hash(),
    round: whole,
    assessment: optional(ofSchema(schemas['change.assessed'].extend({ step }))),
    blocked: optional(failure),
    votes: list(ofSchema(schemas['change.voted'].extend({ ...placed, account: z.string() }))),
    reminders: optional(whole),
    eligible: optional(ofSchema(schemas['change.escalated'].shape.eligible)),
    override: optional(ofSchema(schemas['change.overridden'].extend({ step, account: z.string() }))),
    postReview: optional(
      object<NonNullable<ChangeRecord['postReview']>>({
        kind: oneOf('override', 'sample'),
        due: instant,
        reviews: list(ofSchema(schemas['change.reviewed'].extend({ at: time }))),
      }),
    ),
    resolutions: optional(list(ofSchema(schemas['change.resolution'].extend({ step, account: z.string() })))),
    approval: optional(object<NonNullable<ChangeRecord['approval']>>({ step: hash(), timelockUntil: instant })),
    claim: optional(hash()),
    progress: list(
      object<Progress>({
        status: oneOf('intended', 'applied', 'not-applied', 'undone'),
        intent: hash(),
        intentSeq: whole,
        beforeHash: hash(),
        afterHash: hash(),
        applied: optional(hash()),
      }),
    ),
    document: optional(object<NonNullable<ChangeRecord['document']>>({ version: whole, hash: hash() })),
    failure: optional(failure),
    entries: list(
      object<ChangeRecord['entries'][number]>({ type: oneOf(...STEP_TYPES), seq: whole, hash: hash(), at: instant }),
    ),
    createdAt: instant,
    updatedAt: instant,
  }),
);
