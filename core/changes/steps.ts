/**
 * The steps of a change-set as they stand in entries: one schema per entry type, the only definition of these formats.
 * A step is named by the hash of what it says and who says it, so later steps of one transaction can rest on earlier ones.
 */
import * as z from 'zod';
import { canonicalize, taggedHash, type JsonObject, type JsonValue } from '../canonical/index.ts';
import type { Actor, EntryBody } from '../ledger/index.ts';
import { STEP_TYPES, type StepType } from './lifecycle.ts';

const STEP_TAG = 'nervous-system.change.step.v1';

const text = z.string();
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().min(0);
const instant = z.iso.datetime();
const json = z.custom<JsonValue>((value) => value !== undefined);
const object = z.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const document = z.union([z.null(), object]);
const failure = z.strictObject({ code: text, message: text });
/** id and revision of the change-set */
const of = { change: text, revision: z.int().min(1) };

const operation = z.strictObject({
  type: text,
  payload: json,
  /** precondition: the version the entity's document must have before the first operation; 0 = there is none */
  baseVersion: count.exactOptional(),
  /** code and version that carries it out */
  executor: text,
  inverse: z.enum(['restore-before-image', 'none']),
});

const content = {
  ...of,
  title: text,
  rationale: text,
  evidence: z.array(z.strictObject({ url: text, hash, title: text.exactOptional() })),
  operations: z.array(operation),
  contentHash: hash,
  /** `person:<personId>`, `agent:<id>` or `module:<id>` */
  initiator: text,
  /** people who may not decide: the proposer, the agent's owner, every editor */
  excludes: z.array(text),
  /** not decided and claimed by then: expired */
  deadline: instant,
};

const assessment = {
  ...of,
  /** counts the assessments of a change-set; makes every assessment hash new, so old votes never fit */
  round: z.int().min(1),
  /** step hash of the proposal or revision */
  proposal: hash,
  contentHash: hash,
  facts: object,
  /** names of the matching risk rules; empty: the default for what no rule matches */
  matched: z.array(text),
  level: z.enum(['L0', 'L1', 'L2', 'L3', 'L4']),
  roles: z.array(text),
  approvals: count,
  timelockMinutes: count,
  /** the risk table in force */
  policy: z.strictObject({ version: text, hash }),
  /** the document the operations were planned on, and what they make of it */
  base: z.strictObject({ version: count, hash }),
  result: hash,
  assessmentHash: hash,
};

const vote = {
  ...of,
  contentHash: hash,
  assessmentHash: hash,
  decision: z.enum(['approve', 'reject']),
  personId: text,
  /** the roles the person held then */
  roles: z.array(text),
  nonce: text,
  expiresAt: instant.exactOptional(),
  reason: text.exactOptional(),
  /**
   * WebAuthn assertion over the decision: {credentialId, authenticatorData, clientDataJSON, signature}, base64url, verifiable
   * offline. Absent where the sign-in alone authenticates the person.
   */
  assertion: z
    .strictObject({ credentialId: text, authenticatorData: text, clientDataJSON: text, signature: text })
    .exactOptional(),
};

export const STEP_SCHEMAS = {
  'change.proposed': z.strictObject({ ...content, revision: z.literal(1) }),
  'change.revised': z.strictObject(content),
  'change.assessed': z.strictObject(assessment),
  'change.voted': z.strictObject(vote),
  'change.approved': z.strictObject({
    ...of,
    proposal: hash,
    assessment: hash,
    votes: z.array(hash),
  }),
  'change.rejected': z.strictObject({ ...of, proposal: hash, assessment: hash, vote: hash }),
  'change.returned': z.strictObject({
    ...of,
    approval: hash,
    drift: z.array(z.enum(['roster', 'policy', 'base'])).min(1),
    /** why it could not be assessed again: nobody may vote until it is revised */
    blocked: failure.exactOptional(),
  }),
  'change.withdrawn': z.strictObject({ ...of, reason: text.exactOptional() }),
  'change.expired': z.strictObject({ ...of, deadline: instant }),
  'change.claimed': z.strictObject({ ...of, approval: hash }),
  'change.intent': z.strictObject({
    ...of,
    claim: hash,
    index: count,
    /** the document to restore when this operation is undone */
    before: z.strictObject({ document, version: count, hash }),
    after: z.strictObject({ hash }),
  }),
  'change.applied': z.strictObject({ ...of, index: count, intent: hash, version: count, hash }),
  'change.executed': z.strictObject({
    ...of,
    claim: hash,
    approval: hash,
    document: z.strictObject({ version: count, hash }),
  }),
  'change.failed': z.strictObject({ ...of, claim: hash, failure }),
  'change.aborted': z.strictObject({ ...of, claim: hash, personId: text, reason: text }),
  'change.rolling-back': z.strictObject({ ...of, claim: hash, failure }),
  'change.undone': z.strictObject({ ...of, index: count, applied: hash, version: count, hash }),
  'change.rolled-back': z.strictObject({ ...of, claim: hash, document: z.strictObject({ version: count, hash }) }),
  'change.rollback-failed': z.strictObject({ ...of, claim: hash, index: count, failure }),
} as const satisfies Record<StepType, z.ZodType>;

export type StepData<Type extends StepType> = z.output<(typeof STEP_SCHEMAS)[Type]>;
export type Operation = z.output<typeof operation>;
export type Content = StepData<'change.revised'>;
export type Assessment = StepData<'change.assessed'>;
export type Vote = StepData<'change.voted'>;
export type Failure = z.output<typeof failure>;

/** What a step says, before it has its place. */
export type StepDraft = {
  readonly [Type in StepType]: { readonly type: Type; readonly actor: Actor; readonly data: StepData<Type> };
}[StepType];

export type StepOf<Type extends StepType> = Extract<ChangeStep, { readonly type: Type }>;

/** A step in its place on the entity's chain. */
export type ChangeStep = StepDraft & {
  readonly entity: string;
  readonly seq: number;
  readonly hash: string;
  readonly at: string;
};

/** Hex SHA-256 of a step's type, actor and data. */
export function stepHash({ type, actor, data }: StepDraft): string {
  return taggedHash(STEP_TAG, canonicalize({ actor, data, type }, { integersOnly: true }));
}

/** An entry read back from a chain, with its chain hash. */
export interface ChainEntry {
  readonly body: EntryBody;
  /** hex */
  readonly hash: string;
}

export function isStepType(type: string): type is StepType {
  return (STEP_TYPES as readonly string[]).includes(type);
}

/** The step an entry holds; undefined when the entry is none, or malformed where a step should be. */
export function parseStep({ body, hash }: ChainEntry): ChangeStep | undefined {
  if (!isStepType(body.type)) return undefined;
  const data = STEP_SCHEMAS[body.type].safeParse(body.data);
  if (!data.success) return undefined;
  return {
    type: body.type,
    actor: body.actor,
    data: data.data,
    entity: body.entity,
    seq: body.seq,
    hash,
    at: body.at,
  } as ChangeStep;
}
