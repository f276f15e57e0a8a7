import {
  APPEND_ENTRIES,
  READ_ENTRIES,
  READ_STATE_IN_BATCHES,
  RELAY_EVENTS,
  SIGN_WITH_ROOT_KEY,
  WRITE_STATE,
} from '../_middleware/permission-sets.ts';

/**
 * What the delivery function does: reads the log, calls the functions that were added, opens the secrets of webhooks, keeps how far each
 * subscription is, wakes itself, and records on one chain what owners of webhooks must know.
 */
export const permissions = [
  ...READ_ENTRIES,
  ...APPEND_ENTRIES,
  ...READ_STATE_IN_BATCHES,
  ...WRITE_STATE,
  ...SIGN_WITH_ROOT_KEY,
  ...RELAY_EVENTS,
  { action: 'kms:Decrypt', resource: 'dataKey' },
  { action: 'sqs:SendMessage', resource: 'deliveryQueue' },
  { action: 'lambda:InvokeFunction', resource: 'functions' },
] as const;
