import { READ_ENTRIES, READ_STATE, WRITE_STATE } from '../_middleware/permission-sets.ts';

/** What the subscription reconciler does: makes and removes queues and rules, copies history from the log into queues, and delivers again. */
export const permissions = [
  ...READ_ENTRIES,
  ...READ_STATE,
  ...WRITE_STATE,
  { action: 'events:ListRules', resource: 'any' },
  { action: 'events:PutRule', resource: 'subscriptionRules' },
  { action: 'events:PutTargets', resource: 'subscriptionRules' },
  { action: 'events:RemoveTargets', resource: 'subscriptionRules' },
  { action: 'events:DeleteRule', resource: 'subscriptionRules' },
  { action: 'sqs:ListQueues', resource: 'any' },
  { action: 'sqs:CreateQueue', resource: 'subscriptionQueues' },
  { action: 'sqs:TagQueue', resource: 'subscriptionQueues' },
  { action: 'sqs:GetQueueUrl', resource: 'subscriptionQueues' },
  { action: 'sqs:SetQueueAttributes', resource: 'subscriptionQueues' },
  { action: 'sqs:DeleteQueue', resource: 'subscriptionQueues' },
  { action: 'sqs:SendMessage', resource: 'subscriptionQueues' },
  { action: 'sqs:SendMessage', resource: 'deliveryQueue' },
  { action: 'sqs:ReceiveMessage', resource: 'undeliveredQueue' },
  { action: 'sqs:DeleteMessage', resource: 'undeliveredQueue' },
] as const;
