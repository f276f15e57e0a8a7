/**
 * Assessing: plans the operations on the document as it is now, recomputes the facts, asks the risk table. The result is a
 * step, and at level L0 the approval with it. Anything that goes wrong blocks; nothing opens by error.
 */
import { isoOf, type EpochMs, type StepHash } from '../../brands/index.ts';
import { taggedHash, type JsonObject } from '../../canonical/index.ts';
import { SYSTEM_ACTOR, type Clock, type ItemWrite } from '../../ledger/index.ts';
import type { Policy } from '../../policy/index.ts';
import { adviceOn, applyAdvice, type Advice } from './advice.ts';
import { documentHash, type Document, type VersionedDocument } from '../model/document.ts';
import { ChangeError } from '../model/errors.ts';
import { isRefused, orRefusal, refusalOf, type Refusal } from '../model/refusal.ts';
import type { ExecutorCalls } from '../operations/executors.ts';
import { factsOf } from './facts.ts';
import { activeFreezes } from './freezes.ts';
import type { OperationTypes } from '../operations/operations.ts';
import { planOperations } from '../operations/plan.ts';
import { sponsorOf, type RecentChanges } from '../store/recent-changes.ts';
import type { Risk, RiskTable } from './risk.ts';
import type { DocumentStore } from '../store/document-store.ts';
import { assessmentHash } from '../model/binding-hashes.ts';
import { stepHash, type Content, type StepDraft } from '../model/steps.ts';

const SAMPLE_TAG = 'nervous-system.change.sample.v1';

export interface AssessorDependencies {
  readonly recent: RecentChanges;
  readonly states: DocumentStore;
  readonly risk: RiskTable;
  readonly policy: Policy;
  readonly types: OperationTypes;
  readonly executors: ExecutorCalls;
  readonly clock: Clock;
  /** the policy's entry, as the assessment names it */
  readonly under: Pick<Content, 'under'>;
  /** @throws ChangeError when the documents of this entity must not be like that */
  readonly assertAllowed: (entityId: string, documents: readonly Document[]) => void;
}

export interface Subject {
  readonly entityId: string;
  readonly content: Content;
  /** step hash of the proposal or revision */
  readonly proposal: StepHash;
  /** assessments so far */
  readonly round: number;
}

export interface Assessed {
  /** `change.assessed`, and `change.approved` where nobody has to approve */
  readonly steps: readonly StepDraft[];
  /** to be recorded with the steps: they fail when another assessment came in between that this one does not count */
  readonly writes: readonly ItemWrite[];
  /** version of the document that it is about */
  readonly onVersion: number;
}

/** What is known of a change-set before anything is recorded. */
export interface RiskPreview {
  readonly facts: JsonObject;
  readonly risk: Risk;
  readonly base: VersionedDocument;
  readonly after: Document;
  readonly plans: Advice['plans'];
}

/** Both are refused with STALE_BASE | CHANGE_INVALID | CHANGE_UNFIT | RISK_BLOCKED | EXECUTOR_FAILED */
export interface Assessor {
  readonly assess: (subject: Subject) => Promise<Assessed | Refusal>;
  readonly computeRisk: (subject: Pick<Subject, 'entityId' | 'content'>) => Promise<RiskPreview | Refusal>;
}

export function createAssessor(deps: AssessorDependencies): Assessor {
  return {
    computeRisk: (subject) => computeRisk(deps, subject, deps.clock.now()),
    assess: async (subject) => {
      const { entityId, content, proposal, round } = subject;
      const { change, revision } = content;
      // Before anything is counted.
      const { writes, turns } = await deps.recent.turns({ change, sponsor: sponsorOf(content), entityId });
      const asOf = deps.clock.now();
      const computed = await computeRisk(deps, subject, asOf);
      if (isRefused(computed)) return computed;
      const { facts, risk, base, after, plans } = computed;
      const assessment = {
        ...{ change, revision, round: round + 1, proposal, contentHash: content.contentHash, facts },
        ...risk,
        ...(isSampled(deps.risk, risk, subject) ? { sampled: true as const } : {}),
        base: { version: base.version, hash: base.hash },
        result: documentHash(after),
        ...plans,
        ...deps.under,
        ...{ asOf: isoOf(asOf), turns },
      };
      const data = { ...assessment, assessmentHash: assessmentHash(assessment) };
      const assessed: StepDraft = { type: 'change.assessed', actor: SYSTEM_ACTOR, data };
      const steps: StepDraft[] = [assessed];
      if (data.approvals === 0)
        steps.push(
          approvalStep({ change, revision, proposal, assessment: stepHash(assessed), votes: [], ...deps.under }),
        );
      return { steps, writes, onVersion: base.version };
    },
  };
}

/** The system's statement that the quorum is there. */
export function approvalStep(data: Extract<StepDraft, { type: 'change.approved' }>['data']): StepDraft {
  return { type: 'change.approved', actor: SYSTEM_ACTOR, data };
}

/** @param asOf one reading of the clock for all that depends on it */
async function computeRisk(
  deps: AssessorDependencies,
  { entityId, content }: Pick<Subject, 'entityId' | 'content'>,
  asOf: EpochMs,
): Promise<RiskPreview | Refusal> {
  const { recent, states, policy, types, risk: table, assertAllowed, executors } = deps;
  const { change, operations, initiator } = content;
  const [base, counted] = await Promise.all([
    states.read(entityId),
    recent.since(asOf, { change, sponsor: sponsorOf(content), entityId }),
  ]);
  const after = orRefusal(() => {
    const documents = planOperations(base, operations, types);
    assertAllowed(entityId, documents);
    return documents;
  });
  if (isRefused(after)) return after;
  const advice = await adviceOn(executors, operations).catch(refusalOf);
  if (isRefused(advice)) return advice;
  const agent = policy.roster.agents.find(({ id }) => initiator === `agent:${id}`);
  try {
    const { moneyPaths, sensitivePaths, knownPaths, freezes } = table.config;
    const facts = factsOf({
      ...{
        entityId,
        initiator,
        operations,
        before: base.document,
        after,
        moneyPaths,
        sensitivePaths,
        knownPaths,
        ...counted,
      },
      ...(agent === undefined ? {} : { proven: agent.proven }),
      erases: operations.some(({ type }) => types.get(type)?.erases !== undefined),
      freezes: activeFreezes(freezes, entityId, asOf),
    });
    return { ...applyAdvice(table, facts, advice), base, after: after.at(-1) ?? null, plans: advice.plans };
  } catch (error) {
    if (error instanceof ChangeError) return refusalOf(error);
    const message = `the risk of ${change} could not be assessed: ${error instanceof Error ? error.message : 'unknown'}`;
    return { kind: 'refused', code: 'RISK_BLOCKED', message, cause: error };
  }
}

/**
 * Drawn from the hash of the proposal, which covers the id that the server gave it: anyone can check the draw, and the
 * proposer cannot know it before. A revision they could choose by its hash, so what gets to L0 by one is always looked at.
 */
export function isSampled(
  { config }: Pick<RiskTable, 'config'>,
  { level }: Pick<Risk, 'level'>,
  { content, proposal }: Pick<Subject, 'content' | 'proposal'>,
): boolean {
  if (level !== 'L0' || config.sampleL0 === 0) return false;
  const draw = Number.parseInt(taggedHash(SAMPLE_TAG, proposal).slice(0, 8), 16) % 100;
  return content.revision > 1 || draw < config.sampleL0;
}
