/**
 * CloudEvents on HTTP: in which of the three content modes a request carries them, and what its headers say in binary mode.
 * https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md (below: "binding")
 */
import type { JsonObject, JsonValue } from '../core/canonical/index.ts';
import { EventError, fromCloudEvent, MAX_EVENTS_PER_PUBLISH, type PublishResult } from '../core/events/index.ts';
import { ApiError } from './errors.ts';
import { negotiate } from './negotiate.ts';
import { mediaTypeOf } from './read-body.ts';
import type { RequestHeaders } from './route.ts';
import { CLOUD_EVENT, CLOUD_EVENT_BATCH } from './schemas/cloud-events.ts';

const PREFIX = 'ce-';
/** RFC 7230 section 3.2.6 */
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/;
const PRINTABLE = /^[\t\x20-\x7e]*$/;

/** What a request carries: one event or many, as they came; undefined when it is none of CloudEvents' business. */
export type CloudEventsIn =
  | { readonly kind: 'one'; readonly event: JsonValue }
  | { readonly kind: 'batch'; readonly events: readonly JsonValue[] };

export type ReadCloudEvent =
  { readonly kind: 'event'; readonly event: JsonObject } | { readonly kind: 'refused'; readonly result: PublishResult };

/** @throws ApiError REQUEST_INVALID */
export function cloudEventsIn(headers: RequestHeaders, body: JsonValue): CloudEventsIn | undefined {
  switch (mediaTypeOf(headers)) {
    case CLOUD_EVENT:
      return { kind: 'one', event: body };
    case CLOUD_EVENT_BATCH:
      if (!Array.isArray(body)) throw invalid('body', '', 'must be a JSON array of CloudEvents');
      return { kind: 'batch', events: body };
    default:
      // Who says which version it speaks speaks CloudEvents; whatever else is missing is then told.
      return headers[`${PREFIX}specversion`] === undefined
        ? undefined
        : { kind: 'one', event: { ...attributesIn(headers), data: body } };
  }
}

/** Each on its own, so that it can be refused on its own. @throws EventError EVENT_INVALID when there are too many */
export function readCloudEvents(batch: readonly JsonValue[], origin: string): readonly ReadCloudEvent[] {
  if (batch.length > MAX_EVENTS_PER_PUBLISH) {
    const message = `${batch.length} events in one request: send at most ${MAX_EVENTS_PER_PUBLISH}`;
    throw new EventError({ code: 'EVENT_INVALID', message });
  }
  return batch.map((event) => readCloudEvent(event, origin));
}

/** Does the caller ask for a batch of CloudEvents in place of our own form? */
export function wantsCloudEvents({ accept }: RequestHeaders): boolean {
  return negotiate(accept, ['application/json', CLOUD_EVENT_BATCH]) === CLOUD_EVENT_BATCH;
}

function readCloudEvent(event: JsonValue, origin: string): ReadCloudEvent {
  try {
    return { kind: 'event', event: fromCloudEvent(event, origin) };
  } catch (error) {
    if (!(error instanceof EventError)) throw error;
    const { code, message: detail, problems: errors } = error;
    return { kind: 'refused', result: { status: 'rejected', problem: { code, detail, errors } } };
  }
}

function attributesIn(headers: RequestHeaders): JsonObject {
  const found = Object.entries(headers).filter(([name, value]) => name.startsWith(PREFIX) && value !== undefined);
  return Object.fromEntries(
    found.map(([header, value]) => {
      const name = header.slice(PREFIX.length);
      // binding, 3.1.1: the content type says it, and `data` is the body
      if (name === 'datacontenttype' || name === 'data')
        throw invalid('header', header, 'is not a header of CloudEvents: leave it out');
      if (typeof value !== 'string') throw invalid('header', header, 'is given more than once');
      return [name, decode(header, value)];
    }),
  );
}

/** binding, 3.1.3.2: first quotes, then percent-encoding, once; bytes that are not UTF-8 must be refused. */
function decode(header: string, value: string): string {
  const unquoted = QUOTED.exec(value)?.[1]?.replaceAll(/\\(.)/g, '$1') ?? value;
  try {
    if (PRINTABLE.test(value)) return decodeURIComponent(unquoted);
  } catch {
    // told below
  }
  throw invalid('header', header, 'must be percent-encoded UTF-8');
}

function invalid(place: 'body' | 'header', name: string, detail: string): ApiError {
  return new ApiError({
    code: 'REQUEST_INVALID',
    message: `${place} ${name === '' ? '' : `${name} `}${detail}`,
    problems: [{ pointer: name === '' ? '' : `/${name}`, detail }],
    place,
  });
}
