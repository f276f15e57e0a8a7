export { createChanges, type ChangePage, type Changes, type DecideResult, type ProposeResult } from './changes.ts';
export {
  contentHash,
  proposalInputSchema,
  revisionInputSchema,
  type ProposalInput,
  type RevisionInput,
} from './content.ts';
export type { ChangesDependencies } from './context.ts';
export { decisionInputSchema, type DecisionInput } from './decide.ts';
export { documentHash, MAX_DOCUMENT_BYTES, type Document, type PatchStep, type VersionedDocument } from './document.ts';
export { ChangeError, type ChangeErrorCode } from './errors.ts';
export {
  CHANGE_STATES,
  isTerminal,
  lifecycleDiagram,
  ROOT_SIGNED,
  STEP_TYPES,
  type ChangeState,
  type StepType,
} from './lifecycle.ts';
export type { ChangeQuery } from './list.ts';
export {
  operationsSchema,
  operationTypes,
  type OperationsConfig,
  type OperationType,
  type OperationTypes,
} from './operations.ts';
export { countQuorum, type Quorum, type Requirement, type Voter } from './quorum.ts';
export type { ChangeRecord } from './record.ts';
export { foldChange, reduceChange } from './reduce.ts';
export { riskProblems, riskSchema, RISK_LEVELS, type RiskConfig, type RiskLevel } from './risk-config.ts';
export type { StepResult } from './run-step.ts';
export { STEP_SCHEMAS, stepHash, type ChainEntry } from './steps.ts';
export { abortInputSchema, withdrawInputSchema } from './stop.ts';
export { verifyState, type VerifiedState } from './verify-state.ts';
export type { ChangeView, Preview, RiskView, StillNeeded } from './view.ts';
export { createStandings, type Standing, type Standings } from './standing.ts';
export { FIRST_STEP, STEP_NAMES, WORKFLOW, type Outcomes, type StepName, type WorkflowStep } from './workflow.ts';
export { createStateStore, type StateStore } from './state-store.ts';
export { approvalQueue, type ApprovalQueue } from './approval-queue.ts';
export { createItemRebuilder, type RebuildDependencies, type Rebuilt } from './rebuild-items.ts';
