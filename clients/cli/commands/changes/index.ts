/** Commands about change-sets and policy. They are loaded together: so many small chunks would make the package bigger. */
export { decideCommand, proposeCommand, reviseCommand } from './changes.ts';
export { createDelegationCommand, endDelegationCommand, listDelegationsCommand } from './delegations.ts';
export { testExecutorCommand } from './executor.ts';
export { inboxCommand } from './inbox.ts';
export {
  abortCommand,
  overrideCommand,
  resolveCommand,
  revertCommand,
  reviewCommand,
  revokeVoteCommand,
  withdrawCommand,
} from './lifecycle-actions.ts';
export { listChangesCommand } from './list.ts';
export {
  createKeyCommand,
  diffPolicyCommand,
  lintPolicyCommand,
  proposePolicyCommand,
  showPolicyCommand,
} from './policy.ts';
export { approvalsCommand } from './report.ts';
export { diffChangeCommand, showChangeCommand } from './show.ts';
export { watchCommand } from './watch.ts';
