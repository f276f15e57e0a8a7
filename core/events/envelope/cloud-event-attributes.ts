/**
 * What CloudEvents 1.0 allows as an attribute, and which attributes hold which member of our envelope. Names, values and the
 * table between both sides; each direction has a file of its own.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/spec.md (below: "spec")
 */
import type { JsonObject } from '../../canonical/index.ts';

/** An event in the JSON format: attributes and `data` side by side. */
export type CloudEvent = JsonObject;

export const SPEC_VERSION = '1.0';

/** spec, "Integer" */
const MAX_INTEGER = 2_147_483_647;
/** spec, "String": no control characters, lone surrogates or noncharacters */
const DISALLOWED = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

/** metadata → extension. The first two are of the Correlation extension. */
export const RENAMED: Readonly<Record<string, string>> = { correlationId: 'correlationid', causationId: 'causationid' };

/** JSON text of what no attribute can hold: `{"userId", "metadata", "commits"}`, each only when it has to. */
export const REST = 'envelope';

/** Of this copy of the event: its place in the ledger (`sequence`, of the Sequence extension, within the subject), its delivery. */
export const OF_THE_COPY: readonly string[] = ['sequence', 'ledgerhash', 'ledgerposition', 'receipt', 'attempt'];

/** Names with a meaning of their own here; metadata of the same name travels in REST. */
export const TAKEN: ReadonlySet<string> = new Set([
  ...['specversion', 'id', 'source', 'type', 'subject', 'time', 'datacontenttype', 'dataschema', 'data'],
  ...['dataversion', 'userid', REST],
  ...OF_THE_COPY,
  ...Object.values(RENAMED),
]);

/** spec, "Naming Conventions" */
export function isAttributeName(name: string): boolean {
  return /^[a-z0-9]+$/.test(name);
}

export function isAttributeValue(value: unknown): value is string | number | boolean {
  switch (typeof value) {
    case 'string':
      return !DISALLOWED.test(value);
    case 'number':
      return Number.isInteger(value) && value >= -MAX_INTEGER - 1 && value <= MAX_INTEGER;
    default:
      return typeof value === 'boolean';
  }
}
