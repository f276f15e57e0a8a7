/** What an event is named by. Apart from the envelope: an Idempotency-Key is one, and who checks that needs nothing else of events. */
import * as z from 'zod';

/** Ids that survive URLs, file names and logs unescaped. */
const EVENT_ID = /^[A-Za-z0-9][A-Za-z0-9._:/-]{0,127}$/;

export const eventIdSchema = z
  .string()
  .regex(EVENT_ID, 'must be 1-128 of A-Z a-z 0-9 . _ : / - starting with a letter or digit');
