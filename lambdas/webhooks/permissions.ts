import { RECORD_EVENTS } from '../_middleware/permission-sets.ts';

/** What the function `webhooks` may do: it makes secrets and keeps them wrapped, records their rotation, and wakes deliveries. */
export const permissions = [...RECORD_EVENTS, { action: 'sqs:SendMessage', resource: 'deliveryQueue' }] as const;
