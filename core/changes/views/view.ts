/** A change-set as people and clients see it: what changes, why, how risky it is, who has decided, who still must. */
import type { AssessmentHash, ChainHash, ContentHash, IsoInstant, PersonId } from '../../brands/index.ts';
import type { Actor } from '../../ledger/index.ts';
import { defined } from '../../values/index.ts';
import type { Context } from '../recording/context.ts';
import { diffDocuments, type Document, type PatchStep } from '../model/document.ts';
import { ChangeError } from '../model/errors.ts';
import { isTerminal, type ChangeState } from '../model/lifecycle.ts';
import { planOperations } from '../operations/plan.ts';
import { requirementOf, standingQuorum, type Ballot, type Requirement } from '../model/quorum.ts';
import { readEntry } from '../model/read-entry.ts';
import type { ChangeRecord } from '../model/record.ts';
import {
  parseStep,
  type Assessment,
  type ClaimedWork,
  type Content,
  type Failure,
  type Operation,
  type Vote,
} from '../model/steps.ts';
import { viewRisk, type RiskView } from '../risk/risk-view.ts';
import { viewPostExecution, type PostExecutionView } from './view-post-execution.ts';

export interface StillNeeded {
  /** for people: `2 more approvals: 1 owner, 1 risk` */
  readonly text: string;
  readonly approvals: number;
  /** roles for which a person is missing */
  readonly roles: readonly string[];
}

export type Preview =
  | {
      readonly kind: 'preview';
      readonly version: number;
      readonly before: Document;
      readonly after: Document;
      readonly patch: readonly PatchStep[];
    }
  /** the operations do not fit the document as it is now */
  | { readonly kind: 'misfit'; readonly reason: string };

export interface VoteAtHand {
  /** whose vote it would be */
  readonly personId: PersonId;
  /** by which delegation; absent: the caller's own vote */
  readonly delegation?: string;
}

export interface ChangeView extends PostExecutionView {
  readonly id: string;
  readonly entityId: string;
  readonly title: string;
  readonly rationale: string;
  readonly evidence: Content['evidence'];
  readonly operations: readonly Operation[];
  readonly proposer: Actor;
  readonly state: ChangeState;
  readonly revision: number;
  readonly contentHash: ContentHash;
  /** absent while nobody can decide */
  readonly assessmentHash?: AssessmentHash;
  readonly risk?: RiskView;
  /** all that the assessment hash stands for: whoever decides can hash it anew (binding.ts) */
  readonly assessment?: Omit<Assessment, 'assessmentHash'>;
  /** why nobody can decide */
  readonly blocked?: Failure;
  readonly failure?: Failure;
  readonly votes: readonly {
    readonly personId: PersonId;
    readonly account: string;
    readonly decision: Vote['decision'];
    readonly reason?: string;
    readonly at: IsoInstant;
    readonly hash: ChainHash;
  }[];
  /** while pending */
  readonly stillNeeded?: StillNeeded;
  /** in the inbox, and looked at alone: the votes that the caller could cast, their own first */
  readonly mayVoteAs?: readonly VoteAtHand[];
  /** looked at alone: why the caller's own vote would be refused */
  readonly mayNotVote?: Failure;
  readonly deadline: IsoInstant;
  /** the claim under which this revision was proposed */
  readonly work?: ClaimedWork;
  /** absent for what ended without touching the document */
  readonly preview?: Preview;
  readonly entries: ChangeRecord['entries'];
  readonly createdAt: IsoInstant;
  readonly updatedAt: IsoInstant;
}

export async function viewChange(context: Context, record: ChangeRecord): Promise<ChangeView> {
  const { id, entityId, proposer, state, content, assessment, blocked, failure, votes, entries } = record;
  const { title, rationale, evidence, operations, revision, contentHash, deadline } = content;
  const preview = await previewOf(context, record);
  return {
    ...{
      id,
      entityId,
      title,
      rationale,
      evidence,
      operations,
      proposer,
      state,
      revision,
      contentHash,
      deadline,
      entries,
    },
    votes: votes.map(({ personId, account, decision, reason, at, hash }) => ({
      ...{ personId, account, decision, at, hash },
      ...defined({ reason }),
    })),
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    ...(assessment === undefined ? {} : { ...boundBy(assessment), risk: riskOf(context, record, assessment) }),
    ...(assessment !== undefined && state === 'pending'
      ? { stillNeeded: stillNeeded(requirementOf(record) ?? assessment, votes) }
      : {}),
    ...defined({ blocked, failure, preview, work: content.work }),
    ...viewPostExecution(record),
  };
}

function boundBy({
  assessmentHash,
  step: _,
  ...assessment
}: NonNullable<ChangeRecord['assessment']>): Pick<ChangeView, 'assessmentHash' | 'assessment'> {
  return { assessmentHash, assessment };
}

function riskOf({ risk }: Context, { approval, eligible }: ChangeRecord, assessment: Assessment): RiskView {
  return {
    ...viewRisk(risk, assessment),
    ...defined({ eligible }),
    ...(approval === undefined ? {} : { timelockUntil: approval.timelockUntil }),
  };
}

export function stillNeeded(requirement: Requirement, votes: readonly Ballot[]): StillNeeded {
  const { missingApprovals, missingRoles } = standingQuorum(requirement, votes);
  const free = missingApprovals - missingRoles.length;
  const who = [
    ...missingRoles.map((role) => `1 ${role}`),
    ...(free > 0 ? [`${free} of ${requirement.roles.join(' or ')}`] : []),
  ];
  const missing = `${missingApprovals} more ${missingApprovals === 1 ? 'approval' : 'approvals'}: ${who.join(', ')}`;
  const objectors = votes.filter(({ decision }) => decision !== 'approve').map(({ personId }) => personId);
  const held = `a new revision, or that ${objectors.join(' and ')} no longer asks for changes`;
  const text = [...(missingApprovals > 0 ? [missing] : []), ...(objectors.length > 0 ? [held] : [])].join('; ');
  return { text, approvals: missingApprovals, roles: missingRoles };
}

async function previewOf(context: Context, record: ChangeRecord): Promise<Preview | undefined> {
  const { content, entityId, progress, state } = record;
  if (progress.length === 0 && isTerminal(state)) return undefined;
  const base = progress.length === 0 ? await context.states.read(entityId) : await baseOf(context, record);
  try {
    const after = planOperations(base, content.operations, context.types).at(-1) ?? null;
    const { document: before, version } = base;
    return { kind: 'preview', version, before, after, patch: diffDocuments(before, after) };
  } catch (error) {
    if (error instanceof ChangeError) return { kind: 'misfit', reason: error.message };
    throw error;
  }
}

/** The document as it was when the first operation was about to be applied. */
async function baseOf({ entries }: Context, record: ChangeRecord): Promise<{ document: Document; version: number }> {
  const step = parseStep(await readEntry(entries, record.entityId, record.progress[0]?.intentSeq ?? -1));
  return step?.type === 'change.intent' ? step.data.before : { document: null, version: 0 };
}
