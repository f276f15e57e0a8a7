import { RECORD_EVENTS } from '../_middleware/permission-sets.ts';

/** What the function `publish` may do: it records events: appends entries, certifies its session key, relays. */
export const permissions = RECORD_EVENTS;
