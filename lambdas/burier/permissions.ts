import { READ_STATE } from '../_middleware/permission-sets.ts';

/** What the dead-letter writer does: reads the event and its subscription, writes the dead letter. */
export const permissions = [
  { action: 'dynamodb:GetItem', resource: 'entries' },
  { action: 'dynamodb:Query', resource: 'entries' },
  ...READ_STATE,
  { action: 'dynamodb:PutItem', resource: 'state' },
  { action: 'dynamodb:UpdateItem', resource: 'state' },
] as const;
