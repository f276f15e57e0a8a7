import { READ_STATE } from '../_middleware/permission-sets.ts';

/** What the workflow resumer does: reads tokens and records, answers tokens, starts executions. It writes nothing. */
export const permissions = [
  ...READ_STATE,
  { action: 'states:SendTaskSuccess', resource: 'stateMachine' },
  { action: 'states:StartExecution', resource: 'stateMachine' },
  { action: 'states:DescribeExecution', resource: 'executions' },
] as const;
