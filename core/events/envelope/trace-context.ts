/** W3C Trace Context: what of it travels with an event, and the span each delivery gets of its own. */
import { toHex, type JsonObject } from '../../canonical/index.ts';
import { TRACEPARENT } from '../../ledger/index.ts';

/** Bytes of a span id. */
const SPAN_ID_BYTES = 8;
const TRACE_PREFIX = '00-'.length + 32;
const FLAGS = -2;

/** The context of one delivery: the event's trace and flags, a new span. Undefined when the event came without one. */
export function deliveryTraceparent(
  { metadata }: { readonly metadata?: JsonObject },
  randomBytes: (length: number) => Uint8Array,
): string | undefined {
  const parent = metadata?.['traceparent'];
  if (typeof parent !== 'string' || !TRACEPARENT.test(parent)) return undefined;
  return `${parent.slice(0, TRACE_PREFIX)}-${toHex(randomBytes(SPAN_ID_BYTES))}-${parent.slice(FLAGS)}`;
}
