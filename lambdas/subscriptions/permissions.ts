import {
  MEASURE_QUEUES,
  READ_ENTRIES,
  READ_ROOT_KEY,
  READ_STATE_IN_BATCHES,
  WRITE_STATE,
} from '../_middleware/permission-sets.ts';

/** What the function `subscriptions` may do: it keeps subscriptions and takes from their queues; queues and rules are the reconciler's. */
export const permissions = [
  ...READ_ENTRIES,
  ...READ_STATE_IN_BATCHES,
  ...WRITE_STATE,
  ...READ_ROOT_KEY,
  ...MEASURE_QUEUES,
  { action: 'sqs:ReceiveMessage', resource: 'subscriptionQueues' },
  { action: 'sqs:DeleteMessage', resource: 'subscriptionQueues' },
  { action: 'sqs:ChangeMessageVisibility', resource: 'subscriptionQueues' },
  { action: 'sqs:SendMessage', resource: 'subscriptionQueues' },
  { action: 'sqs:SendMessage', resource: 'deliveryQueue' },
  { action: 'lambda:InvokeFunction', resource: 'reconciler' },
] as const;
