export {
  reportApprovals,
  reportColumns,
  type ApprovalReport,
  type DecisionRow,
  type ReportEntry,
  type ReportFilter,
} from './approval-report.ts';
export { bindingProblems } from './binding.ts';
export { APPROVALS_SOURCE, findTold } from './announce.ts';
export { approvalTopics } from './approval-topics.ts';
export { createActs, type Acts } from './acts.ts';
export { createChanges, type Changes } from './changes.ts';
export { createDeciding, type ActResult, type DecideResult } from './deciding.ts';
export { createProposing, type ProposeResult } from './proposing.ts';
export { createShowing, type ChangePage } from './showing.ts';
export { createWorking } from './working.ts';
export {
  contentHash,
  proposalInputSchema,
  revisionInputSchema,
  type ProposalInput,
  type RevisionInput,
} from './content.ts';
export type { ChangesDependencies } from './context.ts';
export { decisionInputSchema, type DecisionInput } from './decide.ts';
export { decisionChallenge, type Assertion, type DecisionSubject } from './decision-challenge.ts';
export { overrideInputSchema, type OverrideInput } from './override.ts';
export { resolutionInputSchema, type ResolutionInput } from './resolve.ts';
export { revertInputSchema, type RevertInput } from './revert.ts';
export { reviewInputSchema, type ReviewInput } from './review.ts';
export { revocationInputSchema, type RevocationInput } from './revoke.ts';
export { diffDocuments, documentHash, type Document, type PatchStep, type VersionedDocument } from './document.ts';
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
export {
  executorProblems,
  executorsSchema,
  type ExecutorDeclaration,
  type ExecutorsConfig,
} from './executor-config.ts';
export { askExecutor, type Executor, type Outcome, type Planned, type Status } from './executor.ts';
export type { ExecutorRequest, Executors, ExecutorTarget } from './executors.ts';
export {
  grantInputHash,
  operationKey,
  signGrant,
  verifyGrant,
  type GrantClaims,
  type GrantExpectations,
  type VerifiedGrant,
} from './grant.ts';
export { countQuorum, type Quorum, type Requirement, type Voter } from './quorum.ts';
export type { ChangeRecord } from './record.ts';
export { foldChange, reduceChange } from './reduce.ts';
export { riskProblems, riskSchema, RISK_LEVELS, type RiskConfig, type RiskLevel } from './risk-config.ts';
export type { StepResult } from './run-step.ts';
export { STEP_SCHEMAS, stepHash, type ChainEntry, type PolicyEntry } from './steps.ts';
export { abortInputSchema, withdrawInputSchema } from './stop.ts';
export { verifyState, type VerifiedState } from './verify-state.ts';
export type { DryRun } from './dry-run.ts';
export type { MatchedRule } from './risk.ts';
export type { RiskView } from './risk-view.ts';
export type { ChangeView, Preview, StillNeeded } from './view.ts';
export type { AftermathView, ReviewView } from './view-aftermath.ts';
export { createStandings, type Standing, type Standings } from './standing.ts';
export { createTimekeeping, type Timekeeping } from './timekeeping.ts';
export { FIRST_STEP, STEP_NAMES, WORKFLOW, type Outcomes, type StepName, type WorkflowStep } from './workflow.ts';
export { openChangeStates } from './open-states.ts';
export { createStateStore, type StateStore } from './state-store.ts';
export { changeQueues, type ApprovalQueue, type ChangeQueues, type ReviewQueue } from './approval-queue.ts';
export { checkChangeIndex, ensureChangeIndex, rebuildChangeIndex } from './index-upkeep.ts';
export { lintPolicy, type LintFinding, type LintReport } from './policy-lint.ts';
export type { LintKind } from './policy-lint-cases.ts';
export type { Due, DueCursor, DueQuery } from './due.ts';
export { createItemRebuilder, leadsToItems, type RebuildDependencies, type Rebuilt } from './rebuild-items.ts';
export { createGoverning, type Governing } from './governing.ts';
export { delegationInputSchema, type DelegationInput, type Delegations } from './delegation.ts';
export type { Delegation } from './delegation-store.ts';
export type { PolicyChange, PolicyView } from './policy-view.ts';
export { createGovernance, type Governance, type PolicyInForce } from './governance.ts';
export { POLICY_ADOPTED, ROOT_SIGNED_TYPES } from './adoption.ts';
export { UNDER_POLICY, WRITES_DOCUMENT } from './authority.ts';
export { deadEnds, policyHash, policyJson, recordingProblems, type PolicyDocument } from './policy-document.ts';
export { POLICY_ENTITY } from './state-store.ts';
export { datedAuthority, type AuthorityChains } from './replay/dated-authority.ts';
export { DELEGATIONS_CHAIN } from './delegation-store.ts';
export { Replay, type ReplayOptions } from './replay/replay.ts';
export type { ReplayOutcome, ReplayState, Unauthorized } from './replay/replay-state.ts';
