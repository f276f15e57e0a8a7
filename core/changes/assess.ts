/**
 * Assessing: plans the operations on the document as it is now, recomputes the facts, asks the risk table. The result is a
 * step, and at level L0 the approval with it. Anything that goes wrong blocks; nothing opens by error.
 */
import type { Clock } from '../ledger/index.ts';
import { SYSTEM_ACTOR } from '../ledger/index.ts';
import { RECENT_WINDOW_MS, type ChangeStore } from './change-store.ts';
import { documentHash, type VersionedDocument } from './document.ts';
import { ChangeError } from './errors.ts';
import { factsOf } from './facts.ts';
import type { OperationTypes } from './operations.ts';
import { planOperations } from './plan.ts';
import { assessmentHash } from './reduce-decision.ts';
import type { RiskTable } from './risk.ts';
import type { StateStore } from './state-store.ts';
import { stepHash, type Content, type StepDraft } from './steps.ts';

export interface AssessorDependencies {
  readonly store: ChangeStore;
  readonly states: StateStore;
  readonly risk: RiskTable;
  readonly types: OperationTypes;
  readonly clock: Clock;
}

export interface Subject {
  readonly entityId: string;
  readonly content: Content;
  /** step hash of the proposal or revision */
  readonly proposal: string;
  /** assessments so far */
  readonly round: number;
}

export interface Assessor {
  /** `change.assessed`, and `change.approved` where nobody has to approve. @throws ChangeError STALE_BASE | CHANGE_INVALID | RISK_BLOCKED */
  readonly steps: (subject: Subject) => Promise<StepDraft[]>;
}

export function createAssessor(deps: AssessorDependencies): Assessor {
  return {
    steps: async ({ entityId, content, proposal, round }) => {
      const { change, revision, initiator } = content;
      const since = new Date(deps.clock.now() - RECENT_WINDOW_MS).toISOString();
      const [base, others] = await Promise.all([
        deps.states.read(entityId),
        deps.store.recentChanges(initiator, since, change),
      ]);
      const { facts, risk, result } = weigh(deps, { entityId, content, base, recentChanges: others + 1 });
      const assessment = {
        ...{ change, revision, round: round + 1, proposal, contentHash: content.contentHash, facts },
        ...risk,
        base: { version: base.version, hash: base.hash },
        result,
      };
      const data = { ...assessment, assessmentHash: assessmentHash(assessment) };
      const assessed: StepDraft = { type: 'change.assessed', actor: SYSTEM_ACTOR, data };
      const steps: StepDraft[] = [assessed];
      if (data.approvals === 0)
        steps.push(approvalStep({ change, revision, proposal, assessment: stepHash(assessed), votes: [] }));
      return steps;
    },
  };
}

/** The system's statement that the quorum is there. */
export function approvalStep(data: Extract<StepDraft, { type: 'change.approved' }>['data']): StepDraft {
  return { type: 'change.approved', actor: SYSTEM_ACTOR, data };
}

interface Weighing {
  readonly entityId: string;
  readonly content: Content;
  readonly base: VersionedDocument;
  readonly recentChanges: number;
}

function weigh({ types, risk: table }: AssessorDependencies, { entityId, content, base, recentChanges }: Weighing) {
  const { operations, initiator } = content;
  const after = planOperations(base, operations, types);
  try {
    const { moneyPaths } = table.config;
    const facts = factsOf({ entityId, initiator, recentChanges, operations, before: base.document, after, moneyPaths });
    return { facts, risk: table.assess(facts), result: documentHash(after.at(-1) ?? base.document) };
  } catch (error) {
    if (error instanceof ChangeError) throw error;
    const message = `the risk of ${content.change} could not be assessed: ${error instanceof Error ? error.message : 'unknown'}`;
    throw new ChangeError({ code: 'RISK_BLOCKED', message, cause: error });
  }
}
