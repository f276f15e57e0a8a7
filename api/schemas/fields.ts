/** The fields several resources share, and the query parameters every list takes. Names and shapes only. */
import * as z from 'zod';
import { isObject, MOMENT_FORM, parseMoment } from '../../core/values/index.ts';
import type { JsonObject } from '../../core/canonical/index.ts';
import { eventIdSchema, subscriptionInputSchema } from '../../core/events/index.ts';
import { ENTITY_ID } from '../../core/ledger/index.ts';

export { assessmentHash, chainHash, contentHash, count, documentHash, hash, instant, position, seq } from './places.ts';

/** Longest long-poll, in seconds: below the idle limits of common proxies. */
export const MAX_WAIT_SECONDS = 20;

export const jsonObject = z.custom<JsonObject>(isObject, 'must be a JSON object').meta({ type: 'object' });

export const entityId = z
  .string()
  .regex(ENTITY_ID, 'must be 1-128 of A-Z a-z 0-9 . _ : / - starting with a letter or digit')
  .brand<'EntityId'>()
  .meta({ examples: ['account:1695'] });
export const eventId = eventIdSchema;
export const subscriptionId = subscriptionInputSchema.shape.id.unwrap();
export const changeId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9-]{0,63}$/, 'must be 1-64 of A-Z a-z 0-9 - starting with a letter or digit');
/** A principal, as in `source`. */
/** Who published an event: a principal, or what the system tells of itself. */
export const eventSource = z
  .string()
  .regex(/^(system\/)?[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be the id of a principal, or system/approvals');
export const principalId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/, 'must be 1-64 of A-Z a-z 0-9 . _ - starting with a letter or digit');

export const waitSeconds = wholeNumber({ min: 0, max: MAX_WAIT_SECONDS, default: 0 }).meta({
  description: 'seconds to wait when there is nothing yet',
});

/** What no cursor looks like is answered with CURSOR_INVALID, so the form is told and not enforced here. */
const CURSOR_FORM = '^(?:latest|(?:[2-9]|[1-9][0-9]{1,3})?p(?:0|[1-9][0-9]{0,14}))$';
export const feedCursor = z.string().min(1).max(200).meta({ pattern: CURSOR_FORM });
/** RFC 3339 with its zone, or how long before the request: `15m`, `7d`. */
export const moment = z
  .string()
  .transform((text, context) => {
    const parsed = parseMoment(text);
    if (parsed !== undefined) return parsed;
    const message = 'must be a time (RFC 3339; + is %2B in a URL) or a span such as 90s, 15m, 24h, 7d, 2w';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  })
  .meta({ override: ({ jsonSchema }) => Object.assign(jsonSchema, { type: 'string', pattern: MOMENT_FORM }) });

/** A place in a chain, by its number or by a time. */
export const placeOrMoment = z
  .string()
  .transform((text, context) => {
    const seq = /^(?:0|[1-9][0-9]{0,14})$/.test(text) ? Number(text) : undefined;
    const parsed = seq === undefined ? parseMoment(text) : { seq };
    if (parsed !== undefined) return parsed;
    const message = 'must be a seq, a time (RFC 3339; + is %2B in a URL) or a span such as 15m, 24h, 7d';
    context.addIssue({ code: 'custom', message });
    return z.NEVER;
  })
  .meta({
    override: ({ jsonSchema }) =>
      Object.assign(jsonSchema, {
        type: 'string',
        anyOf: [{ pattern: MOMENT_FORM }, { pattern: '^(?:0|[1-9][0-9]{0,14})$' }],
      }),
  });

interface Range {
  readonly min: number;
  readonly max: number;
}

/** A whole number in a query string, with what its absence means. */
export function wholeNumber(range: Range & { readonly default: number }): z.ZodType<number> {
  return wholeNumberText(range)
    .transform((value) => value ?? range.default)
    .meta({ override: ({ jsonSchema }) => describeAsInteger(jsonSchema, range) });
}

export function optionalWholeNumber(range: Range): z.ZodType<number | undefined> {
  return wholeNumberText(range).meta({ override: ({ jsonSchema }) => describeAsInteger(jsonSchema, range) });
}

function wholeNumberText({ min, max }: Range): z.ZodType<number | undefined> {
  return z
    .string()
    .regex(/^(0|[1-9][0-9]{0,15})$/, `must be a whole number from ${min} to ${max}`)
    .transform(Number)
    .pipe(z.int().min(min).max(max))
    .optional();
}

/** Written as text in a URL, but a number to everyone who reads the document. */
function describeAsInteger(
  jsonSchema: Record<string, unknown>,
  { min, max, ...rest }: Range & { readonly default?: number },
): void {
  delete jsonSchema['pattern'];
  Object.assign(jsonSchema, { type: 'integer', minimum: min, maximum: max, ...rest });
}
