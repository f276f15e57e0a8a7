/** What the delivery function must be told: where subscriptions and events are, whom it may call, the key that wraps secrets, and where it wakes itself. */
import * as z from 'zod';
import { jsonMapping } from '../_middleware/json-mapping.ts';

export const env = z.object({
  ENTRIES_TABLE: z.string().min(1),
  STATE_TABLE: z.string().min(1),
  ROOT_KEY_ID: z.string().min(1),
  DATA_KEY_ID: z.string().min(1),
  BUS_PREFIX: z.string().min(1),
  DELIVERY_QUEUE_URL: z.url(),
  /** `{"<name>": "<ARN>"}`: functions that events can be sent to */
  FUNCTIONS: jsonMapping('must be a JSON object from the name of a function to its ARN').default({}),
});
