import { READ_ENTRIES, READ_STATE } from '../_middleware/permission-sets.ts';

/** What the router does: reads the log, sends to FIFO queues, moves the cursors of subscriptions in entity order. */
export const permissions = [
  ...READ_ENTRIES,
  ...READ_STATE,
  { action: 'dynamodb:PutItem', resource: 'state' },
  { action: 'sqs:GetQueueUrl', resource: 'subscriptionQueues' },
  { action: 'sqs:SendMessage', resource: 'subscriptionQueues' },
  { action: 'sqs:SendMessage', resource: 'deliveryQueue' },
] as const;
