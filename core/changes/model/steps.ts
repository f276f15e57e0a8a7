/**
 * The steps of a change-set as they stand in entries: one schema per entry type, the only definition of these formats.
 * A step is named by the hash of what it says and who says it, so later steps of one transaction can rest on earlier ones.
 */
import * as z from 'zod';
import { ASSERTION_DEMANDS } from '../../assertions/index.ts';
import type { ChainHash, EntityId, IsoInstant, StepHash } from '../../brands/index.ts';
import { canonicalize, taggedHash, type JsonObject, type JsonValue } from '../../canonical/index.ts';
import type { Actor, EntryBody } from '../../ledger/index.ts';
import { STEP_TYPES, type StepType } from './lifecycle.ts';

const STEP_TAG = 'nervous-system.change.step.v1';

const text = z.string();
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const person = text.brand<'PersonId'>();
const step = hash.brand<'StepHash'>();
const contentHash = hash.brand<'ContentHash'>();
const boundAssessment = hash.brand<'AssessmentHash'>();
const planHash = hash.brand<'PlanHash'>();
const documentHash = hash.brand<'DocumentHash'>();
/** chain hash of an entry */
const entryHash = hash.brand<'ChainHash'>();
const count = z.int().min(0);
const instant = z.iso.datetime().brand<'IsoInstant'>();
const json = z.custom<JsonValue>((value) => value !== undefined);
const object = z.custom<JsonObject>((value) => typeof value === 'object' && value !== null && !Array.isArray(value));
const document = z.union([z.null(), object]);
const failure = z.strictObject({ code: text, message: text });
/** id and revision of the change-set */
const of = { change: text, revision: z.int().min(1) };

/** The entry on the chain of the policy that brought a policy into force. */
export const policyEntrySchema = z.strictObject({ seq: count, hash: entryHash });
export type PolicyEntry = z.output<typeof policyEntrySchema>;

/** made the policy in force that it was done under; absent in ledgers of before 2026-11-21 alone */
const under = policyEntrySchema.exactOptional();

const operation = z.strictObject({
  type: text,
  payload: json,
  /** precondition: the version the entity's document must have before the first operation; 0 = there is none */
  baseVersion: count.exactOptional(),
  /** code and version that carries it out */
  executor: text,
  /** `executor-undo`: by the executor, with the inverse it planned */
  inverse: z.enum(['restore-before-image', 'executor-undo', 'none']),
});

const evidence = z.array(
  z.strictObject({ url: text, hash: hash.brand<'EvidenceHash'>(), title: text.exactOptional() }),
);

/** The claim of work under which it is proposed: it stood when the proposal was recorded, and each grant rests on it. */
const work = z.strictObject({ workId: text, fence: count, /** whose it is: `kind:id` */ by: text });

const content = {
  ...of,
  title: text,
  rationale: text,
  evidence,
  operations: z.array(operation),
  contentHash,
  /** `person:<personId>`, `agent:<id>` or `module:<id>` */
  initiator: text,
  /** who answers for the initiator, as `person:<personId>`, where that is another; both count as one against splitting */
  sponsor: text.exactOptional(),
  /** people who may not decide: the proposer, the agent's owner, every editor */
  excludes: z.array(text),
  /** not decided and claimed by then: expired */
  deadline: instant,
  /** id of the executed change-set that this one takes back */
  reverts: text.exactOptional(),
  /** id of the rejected, cancelled or expired change-set that this one follows */
  supersedes: text.exactOptional(),
  work: work.exactOptional(),
  under,
};

const assessment = {
  ...of,
  /** counts the assessments of a change-set; makes every assessment hash new, so old votes never fit */
  round: z.int().min(1),
  /** step hash of the proposal or revision */
  proposal: step,
  contentHash,
  facts: object,
  /** names of the matching risk rules; empty: the default for what no rule matches */
  matched: z.array(text),
  level: z.enum(['L0', 'L1', 'L2', 'L3', 'L4']),
  roles: z.array(text),
  approvals: count,
  timelockMinutes: count,
  /** soft: may be overridden in an emergency; absent: hard */
  enforcement: z.enum(['soft', 'hard']).exactOptional(),
  /** nobody had to approve, and somebody shall look at it afterwards */
  sampled: z.literal(true).exactOptional(),
  /** whoever decides signs with an enrolled key; absent: the sign-in alone authenticates */
  assertion: z.enum(ASSERTION_DEMANDS).exactOptional(),
  /** the risk table in force */
  policy: z.strictObject({ version: text, hash: hash.brand<'RiskTableHash'>() }),
  /** the document the operations were planned on, and what they make of it */
  base: z.strictObject({ version: count, hash: documentHash }),
  result: documentHash,
  /** what registered executors planned; at the intent the precondition must be the same. Absent: none is involved */
  plans: z
    .array(z.strictObject({ index: count, planHash, precondition: hash.brand<'PreconditionHash'>() }))
    .min(1)
    .exactOptional(),
  under,
  /** what the clock said when the last day was counted and freezes were looked up: at most a minute before the entry */
  asOf: instant.exactOptional(),
  /** assessments there had been of this sponsor, and on this entity: versions of their turns (recent-changes.ts) */
  turns: z.strictObject({ sponsor: count, entity: count }).exactOptional(),
  assessmentHash: boundAssessment,
};

/**
 * By the person's own key over the decision (decision-challenge.ts): base64url, verifiable offline. Absent where the sign-in
 * alone authenticates the person.
 */
const assertion = z
  .union([
    z.strictObject({ credentialId: text, authenticatorData: text, clientDataJSON: text, signature: text }),
    z.strictObject({ kind: z.literal('key'), keyId: text, signature: text }),
  ])
  .exactOptional();

const vote = {
  ...of,
  contentHash,
  assessmentHash: boundAssessment,
  /** `request-changes`: holds the approval up until a new revision, or until it is revoked */
  decision: z.enum(['approve', 'reject', 'request-changes']),
  /** whose vote it is */
  personId: person,
  /** the roles the person held then */
  roles: z.array(text),
  /** who cast it, by a delegation that the person recorded: chain hash of that entry; absent: the person */
  delegate: z.strictObject({ personId: person, delegation: entryHash }).exactOptional(),
  nonce: text,
  expiresAt: instant.exactOptional(),
  reason: text.exactOptional(),
  assertion,
  under,
};

const resolution = {
  ...of,
  claim: step,
  personId: person,
  /** the roles the person held then */
  roles: z.array(text),
  outcome: z.enum(['executed', 'rolled_back']),
  reason: text,
  evidence,
  under,
};

const resolved = {
  ...of,
  claim: step,
  /** step hashes of the two that agree */
  resolutions: z.tuple([step, step]),
  /** the document from now on */
  document: z.strictObject({ version: count, hash: documentHash }),
  under,
};

export const STEP_SCHEMAS = {
  'change.proposed': z.strictObject({ ...content, revision: z.literal(1) }),
  'change.revised': z.strictObject(content),
  'change.assessed': z.strictObject(assessment),
  'change.voted': z.strictObject(vote),
  'change.approved': z.strictObject({
    ...of,
    proposal: step,
    assessment: step,
    votes: z.array(step),
    under,
  }),
  'change.vote-revoked': z.strictObject({ ...of, vote: step, personId: person, reason: text.exactOptional(), under }),
  /** how many times so far, this one included */
  'change.reminded': z.strictObject({ ...of, count: z.int().min(1) }),
  /** after too long: for each needed role, further roles whose holders may fill it; the quorum stays as it is */
  'change.escalated': z.strictObject({ ...of, assessment: step, eligible: z.record(text, z.array(text)), under }),
  /** break-glass: approved by one person against soft rules; to be reviewed by `reviewBy` */
  'change.overridden': z.strictObject({
    ...of,
    proposal: step,
    assessment: step,
    contentHash,
    personId: person,
    ticket: text,
    reason: text,
    nonce: text,
    assertion,
    reviewBy: instant,
    under,
  }),
  /** what was overridden or sampled, looked at afterwards */
  'change.reviewed': z.strictObject({
    ...of,
    personId: person,
    verdict: z.enum(['justified', 'unjustified']),
    reason: text,
    under,
  }),
  'change.rejected': z.strictObject({ ...of, proposal: step, assessment: step, vote: step, under }),
  'change.returned': z.strictObject({
    ...of,
    approval: step,
    drift: z.array(z.enum(['roster', 'policy', 'base', 'freeze'])).min(1),
    /** why it could not be assessed again: nobody may vote until it is revised */
    blocked: failure.exactOptional(),
    under,
  }),
  'change.withdrawn': z.strictObject({ ...of, reason: text.exactOptional(), under }),
  'change.expired': z.strictObject({ ...of, deadline: instant }),
  'change.claimed': z.strictObject({ ...of, approval: step, under }),
  'change.intent': z.strictObject({
    ...of,
    claim: step,
    index: count,
    /** the document to restore when this operation is undone */
    before: z.strictObject({ document, version: count, hash: documentHash }),
    after: z.strictObject({ hash: documentHash }),
    /** for an operation that a registered executor carries out: what undoes it, and what must be so there when it is */
    external: z
      .strictObject({
        inverse: json,
        planHash,
        precondition: json,
        /** every grant for it ends then */ grantUntil: instant,
      })
      .exactOptional(),
  }),
  /** proved by the executor's status(): the intended operation had no effect and never will */
  'change.not-applied': z.strictObject({ ...of, index: count, intent: step, failure }),
  'change.applied': z.strictObject({ ...of, index: count, intent: step, version: count, hash: documentHash }),
  'change.executed': z.strictObject({
    ...of,
    claim: step,
    approval: step,
    document: z.strictObject({ version: count, hash: documentHash }),
  }),
  'change.failed': z.strictObject({ ...of, claim: step, failure }),
  'change.aborted': z.strictObject({ ...of, claim: step, personId: person, reason: text, under }),
  'change.rolling-back': z.strictObject({ ...of, claim: step, failure }),
  /** `applied`: step hash of `change.applied`, or of the intent where nobody knows whether it was applied */
  'change.undone': z.strictObject({ ...of, index: count, applied: step, version: count, hash: documentHash }),
  'change.rolled-back': z.strictObject({
    ...of,
    claim: step,
    document: z.strictObject({ version: count, hash: documentHash }),
  }),
  'change.rollback-failed': z.strictObject({ ...of, claim: step, index: count, failure }),
  /** one person's word on what became of it; two of different people that agree resolve it */
  'change.resolution': z.strictObject(resolution),
  'change.resolved-executed': z.strictObject(resolved),
  'change.resolved-rolled-back': z.strictObject(resolved),
} as const satisfies Record<StepType, z.ZodType>;

export type StepData<Type extends StepType> = z.output<(typeof STEP_SCHEMAS)[Type]>;
export type Operation = z.output<typeof operation>;
export type ClaimedWork = z.output<typeof work>;
export type Content = StepData<'change.revised'>;
export type Assessment = StepData<'change.assessed'>;
export type Vote = StepData<'change.voted'>;
export type Failure = z.output<typeof failure>;
export type Resolution = StepData<'change.resolution'>;

/** A registered executor carries it out: when it happens is not known from the ledger alone. */
export function isExternalOperation(operation: Pick<Operation, 'type'> | undefined): boolean {
  return operation?.type === 'executor.invoke';
}

/** What a step says, before it has its place. */
export type StepDraft = {
  readonly [Type in StepType]: { readonly type: Type; readonly actor: Actor; readonly data: StepData<Type> };
}[StepType];

export type StepOf<Type extends StepType> = Extract<ChangeStep, { readonly type: Type }>;

/** A step in its place on the entity's chain. */
export type ChangeStep = StepDraft & {
  readonly entity: EntityId;
  readonly seq: number;
  readonly hash: ChainHash;
  readonly at: IsoInstant;
};

/** In the place of a hash that is not known before the entry has its place. */
export const NOT_PLACED = '' as ChainHash;
/** No step has this hash: what rests on it is refused. */
export const NO_STEP = '' as StepHash;

/** Hex SHA-256 of a step's type, actor and data. */
export function stepHash({ type, actor, data }: StepDraft): StepHash {
  return taggedHash(STEP_TAG, canonicalize({ actor, data, type }, { integersOnly: true }));
}

/** An entry read back from a chain, with its chain hash. */
export interface ChainEntry {
  readonly body: EntryBody;
  /** hex */
  readonly hash: ChainHash;
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
