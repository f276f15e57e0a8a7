export {
  reportApprovals,
  reportColumns,
  type ApprovalReport,
  type DecisionRow,
  type ReportEntry,
  type ReportFilter,
} from './views/approval-report.ts';
export { bindingProblems } from './views/verify-displayed.ts';
export { createChangeAudience, type ChangeAudience, type Concern } from './views/audience.ts';
export { APPROVALS_SOURCE, findTold } from './recording/announce.ts';
export { approvalTopics } from './recording/approval-topics.ts';
export { createActEdge, type ActEdge } from './use-cases/act-edge.ts';
export { createChanges, type Changes } from './changes.ts';
export type { DecisionUseCases } from './use-cases/decision-use-cases.ts';
export type { ProposalUseCases } from './use-cases/proposal-use-cases.ts';
export type { QueryUseCases } from './use-cases/query-use-cases.ts';
export type { WorkflowUseCases } from './use-cases/workflow-use-cases.ts';
export { createDecisionUseCases, type ActResult, type DecideResult } from './use-cases/decision-use-cases.ts';
export { createProposalUseCases, type ProposeResult } from './use-cases/proposal-use-cases.ts';
export { createQueryUseCases, type ChangePage } from './use-cases/query-use-cases.ts';
export { createWorkflowUseCases } from './use-cases/workflow-use-cases.ts';
export { contentHash } from './model/binding-hashes.ts';
export {
  proposalInputSchema,
  revisionInputSchema,
  type ProposalInput,
  type RevisionInput,
} from './operations/content.ts';
export type { ChangesDependencies } from './recording/context.ts';
export { decisionInputSchema, type DecisionInput } from './decisions/decide.ts';
export { decisionChallenge, type DecisionSubject } from './model/decision-subject.ts';
export { overrideInputSchema, type OverrideInput } from './decisions/override.ts';
export { resolutionInputSchema, type ResolutionInput } from './decisions/resolve.ts';
export { revertInputSchema, type RevertInput } from './proposals/revert.ts';
export { reviewInputSchema, type ReviewInput } from './decisions/review.ts';
export { revocationInputSchema, type RevocationInput } from './decisions/revoke.ts';
export {
  diffDocuments,
  documentHash,
  type Document,
  type PatchStep,
  type VersionedDocument,
} from './model/document.ts';
export { ChangeError, type ChangeErrorCode } from './model/errors.ts';
export {
  CHANGE_STATES,
  isTerminal,
  lifecycleDiagram,
  STEP_TYPES,
  type ChangeState,
  type StepType,
} from './model/lifecycle.ts';
export type { ChangeQuery } from './views/list.ts';
export {
  operationsSchema,
  operationTypes,
  type OperationsConfig,
  type OperationType,
  type OperationTypes,
} from './operations/operations.ts';
export {
  executorProblems,
  executorsSchema,
  type ExecutorDeclaration,
  type ExecutorsConfig,
} from './operations/executor-config.ts';
export { askExecutor, type Executor, type Outcome, type Planned, type Status } from './operations/executor.ts';
export type { ExecutorRequest, Executors, ExecutorTarget } from './operations/executors.ts';
export {
  grantInputHash,
  operationKey,
  signGrant,
  verifyGrant,
  type GrantClaims,
  type GrantExpectations,
  type VerifiedGrant,
} from './operations/grant.ts';
export { countQuorum, type Quorum, type Requirement, type Voter } from './model/quorum.ts';
export type { ChangeRecord } from './model/record.ts';
export { foldChange, reduceChange } from './reducer/reduce.ts';
export { riskProblems, riskSchema, RISK_LEVELS, type RiskConfig, type RiskLevel } from './risk/risk-config.ts';
export type { StepResult } from './workflow/run-step.ts';
export { STEP_SCHEMAS, stepHash, type ChainEntry, type PolicyEntry } from './model/steps.ts';
export { abortInputSchema, withdrawInputSchema } from './proposals/stop.ts';
export { verifyState, type VerifiedState } from './replay/verify-state.ts';
export type { DryRun } from './proposals/dry-run.ts';
export type { MatchedRule } from './risk/risk.ts';
export type { RiskView } from './risk/risk-view.ts';
export type { ChangeView, Preview, StillNeeded } from './views/view.ts';
export type { PostExecutionView, ReviewView } from './views/view-post-execution.ts';
export { createWorkflowStatuses, type WorkflowStatus, type WorkflowStatuses } from './workflow/workflow-status.ts';
export { createTimekeeping, type Timekeeping } from './workflow/timekeeping.ts';
export { FIRST_STEP, STEP_NAMES, WORKFLOW, type Outcomes, type StepName, type WorkflowStep } from './model/workflow.ts';
export { openChangeStates } from './store/open-states.ts';
export { createDocumentStore, type DocumentStore } from './store/document-store.ts';
export { changeQueues, type ApprovalQueue, type ChangeQueues, type ReviewQueue } from './store/approval-queue.ts';
export { backfillChangeIndex, forgetWrites as forgetChangeIndex } from './store/index-backfill.ts';
export { checkChangeIndex, ensureChangeIndex, rebuildChangeIndex } from './store/index-upkeep.ts';
export { lintPolicy, type LintFinding, type LintReport } from './lint/policy-lint.ts';
export type { LintKind } from './lint/policy-lint-cases.ts';
export type { DueChanges, DueCursor, DueQuery } from './workflow/due.ts';
export { createItemRebuilder, leadsToItems, type RebuildDependencies, type Rebuilt } from './replay/rebuild-items.ts';
export { createPolicyUseCases, type PolicyUseCases } from './use-cases/policy-use-cases.ts';
export { delegationInputSchema, type DelegationInput, type Delegations } from './decisions/delegation.ts';
export type { Delegation } from './store/delegation-store.ts';
export type { PolicyChange, PolicyView } from './views/policy-view.ts';
export { createGovernance, type Governance, type PolicyInForce } from './policy/governance.ts';
export { POLICY_ADOPTED, ROOT_SIGNED_TYPES } from './policy/adoption.ts';
export { UNDER_POLICY, WRITES_DOCUMENT } from './policy/authority.ts';
export {
  deadEnds,
  policyHash,
  policyJson,
  recordingProblems,
  signerProblems,
  unmetDemands,
  type PolicyDocument,
} from './policy/policy-document.ts';
export { POLICY_ENTITY } from './model/policy-entity.ts';
export { datedAuthority, type AuthorityChains } from './replay/dated-authority.ts';
export { DELEGATIONS_CHAIN } from './store/delegation-store.ts';
export { Replay, type ReplayOptions } from './replay/replay.ts';
export type { ReplayOutcome, ReplayState, Unauthorized } from './replay/replay-state.ts';
