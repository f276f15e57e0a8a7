import { READ_ENTRIES, READ_ROOT_KEY, READ_STATE_IN_BATCHES, WRITE_STATE } from '../_middleware/permission-sets.ts';

/** What the delivery function does: reads the log, calls the functions that were added, keeps how far each subscription is, and wakes itself. */
export const permissions = [
  ...READ_ENTRIES,
  ...READ_STATE_IN_BATCHES,
  ...WRITE_STATE,
  ...READ_ROOT_KEY,
  { action: 'sqs:SendMessage', resource: 'deliveryQueue' },
  { action: 'lambda:InvokeFunction', resource: 'functions' },
] as const;
