/** What the workflow's reconciler does: reads what is due, change-sets and tokens, compares with executions, starts and stops those. */
export const permissions = [
  { action: 'dynamodb:GetItem', resource: 'state' },
  { action: 'dynamodb:Query', resource: 'state' },
  { action: 'states:ListExecutions', resource: 'stateMachine' },
  { action: 'states:StartExecution', resource: 'stateMachine' },
  { action: 'states:DescribeExecution', resource: 'executions' },
  { action: 'states:StopExecution', resource: 'executions' },
  { action: 'sqs:SendMessage', resource: 'wakeQueue' },
] as const;
