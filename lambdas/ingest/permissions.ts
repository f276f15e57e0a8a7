import { RECORD_EVENTS } from '../_middleware/permission-sets.ts';

/** What the function `ingest` may do: it records what comes from outside events as: appends entries, certifies its session key, relays. */
export const permissions = RECORD_EVENTS;
