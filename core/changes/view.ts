/** A change-set as people and clients see it: what changes, why, how risky it is, who has decided, who still must. */
import type { JsonObject } from '../canonical/index.ts';
import type { Actor } from '../ledger/index.ts';
import type { Context } from './context.ts';
import { diffDocuments, type Document, type PatchStep } from './document.ts';
import { ChangeError } from './errors.ts';
import { isTerminal, type ChangeState } from './lifecycle.ts';
import { planOperations } from './plan.ts';
import { countQuorum } from './quorum.ts';
import { readEntry } from './read-entry.ts';
import type { ChangeRecord } from './record.ts';
import { parseStep, type Assessment, type Content, type Failure, type Operation } from './steps.ts';

export interface RiskView extends Pick<Assessment, 'level' | 'roles' | 'approvals' | 'timelockMinutes' | 'policy'> {
  /** names of the rules that matched; none: the default for what no rule matches */
  readonly matched: readonly string[];
  readonly facts: JsonObject;
  /** once approved: not executed before, ISO 8601 UTC */
  readonly timelockUntil?: string;
}

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

export interface ChangeView {
  readonly id: string;
  readonly entityId: string;
  readonly title: string;
  readonly rationale: string;
  readonly evidence: Content['evidence'];
  readonly operations: readonly Operation[];
  readonly proposer: Actor;
  readonly state: ChangeState;
  readonly revision: number;
  readonly contentHash: string;
  /** absent while nobody can decide */
  readonly assessmentHash?: string;
  readonly risk?: RiskView;
  /** why nobody can decide */
  readonly blocked?: Failure;
  readonly failure?: Failure;
  readonly votes: readonly {
    readonly personId: string;
    readonly account: string;
    readonly decision: 'approve' | 'reject';
    readonly reason?: string;
    readonly at: string;
    readonly hash: string;
  }[];
  /** while pending */
  readonly stillNeeded?: StillNeeded;
  readonly deadline: string;
  /** absent for what ended without touching the document */
  readonly preview?: Preview;
  readonly entries: ChangeRecord['entries'];
  readonly createdAt: string;
  readonly updatedAt: string;
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
      ...(reason === undefined ? {} : { reason }),
    })),
    createdAt: record.createdAt,
    updatedAt: record.updatedAt,
    ...(assessment === undefined
      ? {}
      : { assessmentHash: assessment.assessmentHash, risk: riskOf(record, assessment) }),
    ...(assessment !== undefined && state === 'pending' ? { stillNeeded: stillNeeded(assessment, votes) } : {}),
    ...(blocked === undefined ? {} : { blocked }),
    ...(failure === undefined ? {} : { failure }),
    ...(preview === undefined ? {} : { preview }),
  };
}

function riskOf({ approval }: ChangeRecord, assessment: Assessment): RiskView {
  const { level, roles, approvals, timelockMinutes, policy, matched, facts } = assessment;
  return {
    ...{ level, roles, approvals, timelockMinutes, policy, matched, facts },
    ...(approval === undefined ? {} : { timelockUntil: approval.timelockUntil }),
  };
}

function stillNeeded(assessment: Assessment, votes: ChangeRecord['votes']): StillNeeded {
  const { missingApprovals, missingRoles } = countQuorum(assessment, votes);
  const free = missingApprovals - missingRoles.length;
  const who = [
    ...missingRoles.map((role) => `1 ${role}`),
    ...(free > 0 ? [`${free} of ${assessment.roles.join(' or ')}`] : []),
  ];
  const text = `${missingApprovals} more ${missingApprovals === 1 ? 'approval' : 'approvals'}: ${who.join(', ')}`;
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
