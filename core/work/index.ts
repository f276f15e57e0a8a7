export { ClaimReplay, type BrokenClaim, type ClaimReplayState } from './claim-replay.ts';
export { WorkClaimed, WorkError, type StandingClaim, type WorkErrorCode } from './errors.ts';
export { fenceCheck, fenceStale, isFence, isStanding } from './fence.ts';
export { LEASE_GRACE_MS } from './lease.ts';
export { claimerOf, reduceWork, type RecordedStep, type WorkState } from './lifecycle.ts';
export { createWork, type Claimed, type Work, type WorkDependencies } from './work.ts';
export {
  claimInputSchema,
  completeInputSchema,
  releaseInputSchema,
  renewInputSchema,
  stealInputSchema,
  workIdSchema,
  workRefSchema,
  type ClaimInput,
  type CompleteInput,
  type ReleaseInput,
  type RenewInput,
  type StealInput,
  type WorkRef,
} from './work-input.ts';
export { readWorkStep, WORK_SOURCE, WORK_TOPICS, type WorkStep } from './work-topics.ts';
export type { WorkPage, WorkQuery, WorkView } from './work-view.ts';
