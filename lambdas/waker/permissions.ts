/** What the waker does: reads tokens and records, answers tokens, starts executions. It writes nothing. */
export const permissions = [
  { action: 'dynamodb:GetItem', resource: 'state' },
  { action: 'dynamodb:Query', resource: 'state' },
  { action: 'states:SendTaskSuccess', resource: 'stateMachine' },
  { action: 'states:StartExecution', resource: 'stateMachine' },
  { action: 'states:DescribeExecution', resource: 'executions' },
] as const;
