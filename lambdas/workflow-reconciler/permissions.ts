import { READ_STATE, RESUME_WORKFLOWS } from '../_middleware/permission-sets.ts';

/** What the workflow's reconciler does: reads what is due, change-sets and tokens, compares with executions, starts and stops those. */
export const permissions = [
  ...READ_STATE,
  { action: 'states:ListExecutions', resource: 'stateMachine' },
  { action: 'states:StartExecution', resource: 'stateMachine' },
  { action: 'states:DescribeExecution', resource: 'executions' },
  { action: 'states:StopExecution', resource: 'executions' },
  ...RESUME_WORKFLOWS,
] as const;
