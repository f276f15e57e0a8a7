/** Publishing: one event, or a batch of them. */
import * as z from 'zod';
import { isObject } from '../../core/values/index.ts';
import { taggedHash, type JsonObject, type JsonValue } from '../../core/canonical/index.ts';
import { describeIssues, NervousError } from '../../core/errors/index.ts';
import { EventError, fromCloudEvent, MAX_EVENTS_PER_PUBLISH, type PublishResult } from '../../core/events/index.ts';
import type { Principal } from '../../core/policy/index.ts';
import type { NervousSystem } from '../../core/system/index.ts';
import { aboutBody } from '../access.ts';
import { cloudEventsIn, readCloudEvents } from '../cloud-events.ts';
import { eventProblem } from '../problem.ts';
import { bodyForCore, routesOn } from '../route.ts';
import { CLOUD_EVENT, CLOUD_EVENT_BATCH, cloudEventBatchSchema, cloudEventSchema } from '../schemas/cloud-events.ts';
import {
  batchResultSchema,
  eventBatchSchema,
  eventSchema,
  publishedEventSchema,
  type BatchResult,
  type EventResult,
  type PublishedEvent,
} from '../schemas/events.ts';

type Publishing = Pick<NervousSystem, 'publish' | 'config'>;
const route = routesOn<Publishing>();

/** Of an event's id (128 characters), what is left beside the number of the event in its batch. */
const MAX_STEM_CHARS = 124;
const STEM_TAG = 'nervous-system.batch.key.v1';

const publishProblems = [
  'EVENT_INVALID',
  'FORBIDDEN',
  'EVENT_ID_CONFLICT',
  'ENTRY_TOO_LARGE',
  'TOPIC_UNKNOWN',
  'VERSION_UNKNOWN',
  'PAYLOAD_INVALID',
  'RATE_LIMITED',
  'TOPIC_STOPPED',
  'LOOP_DETECTED',
  'LEDGER_BUSY',
  'STORE_UNAVAILABLE',
] as const;

const publishEvents = route({
  method: 'POST',
  path: '/v1/events',
  operationId: 'publishEvents',
  access: aboutBody,
  tag: 'events',
  summary: 'Publish one event, or up to 100 in a batch',
  description:
    'Acknowledged means durable. One event answers 201 (recorded now), 200 (a duplicate, recorded before) or a problem. ' +
    'A batch always answers 200 with one result per event: one bad event does not sink the others unless `atomic` is true. ' +
    'An event, or a JSON array of them, may also come as CloudEvents 1.0: structured, batched or in binary mode (`ce-` headers). ' +
    'Idempotent by `eventId`; events without one take it from the Idempotency-Key: a single event the key itself, the n-th of a batch `<key>/<n>`, from 0 (a key of more than 124 characters by its hash). ' +
    'An event has at most 64 KiB, measured on the entry it becomes: canonical JSON with about 1 KiB of fields of the ledger.',
  body: bodyForCore(z.union([eventSchema, eventBatchSchema]), {
    alternatives: { [CLOUD_EVENT]: cloudEventSchema, [CLOUD_EVENT_BATCH]: cloudEventBatchSchema },
  }),
  responses: {
    201: { description: 'recorded', schema: publishedEventSchema },
    200: {
      description: 'a duplicate, or the results of a batch',
      schema: z.union([publishedEventSchema, batchResultSchema]),
    },
  },
  problems: publishProblems,
  outcomeOf: ({ body }) => (isRefusedIn(body) ? 'refused' : 'succeeded'),
  handler: async (system, principal, { body, idempotencyKey, request }) => {
    const carried = cloudEventsIn(request.headers, body);
    if (carried?.kind === 'batch') return publishCloudEvents(system, principal, carried.events);
    if (carried !== undefined)
      return publishOne(system, principal, fromCloudEvent(carried.event, system.config.origin));
    if (!isBatch(body)) return publishOne(system, principal, withEventId(body, idempotencyKey));
    const { events, atomic } = readBatch(body);
    const named = events.map((event, i) => withEventId(event, idInBatch(idempotencyKey, i)));
    const results = await system.publish(principal, named, { atomic });
    return { status: 200, body: { results: results.map(eventResult) } };
  },
});

export const publishRoutes = [publishEvents];

/** One refused event is enough: a batch is done when all of it is. */
function isRefusedIn(body: unknown): boolean {
  const results = (body as Partial<BatchResult>).results ?? [];
  return results.some(({ status }) => status === 'rejected');
}

type Answer =
  | { readonly status: 201; readonly headers: { readonly location: string }; readonly body: PublishedEvent }
  | { readonly status: 200; readonly body: PublishedEvent | BatchResult };

async function publishOne(system: Publishing, principal: Principal, event: JsonValue): Promise<Answer> {
  const [result] = await system.publish(principal, [event]);
  const published = accepted(result);
  if (published.status === 'duplicate') return { status: 200, body: published };
  const location = `/v1/events/${encodeURIComponent(published.eventId)}?source=${encodeURIComponent(principal.id)}`;
  return { status: 201, headers: { location }, body: published };
}

/** What is no CloudEvent is refused on its own, like everything else of a batch. An empty batch is a valid one. */
async function publishCloudEvents(
  system: Publishing,
  principal: Principal,
  batch: readonly JsonValue[],
): Promise<Answer> {
  const read = readCloudEvents(batch, system.config.origin);
  const events = read.flatMap((one) => (one.kind === 'event' ? [one.event] : []));
  const published = events.length === 0 ? [] : await system.publish(principal, events);
  const inOrder = published.values();
  const results = read.map((one) =>
    eventResult(one.kind === 'refused' ? one.result : (inOrder.next().value as PublishResult)),
  );
  return { status: 200, body: { results } };
}

/** An event has no key `events`, so the two forms of body cannot be mistaken for each other. */
function isBatch(body: JsonValue): body is JsonObject {
  return isObject(body) && Object.hasOwn(body, 'events');
}

const batchFrame = eventBatchSchema.extend({ events: z.array(z.unknown()).min(1).max(MAX_EVENTS_PER_PUBLISH) });

/** Only the frame: each event is checked on its own, so that it can be refused on its own. */
function readBatch(body: JsonObject): { readonly events: readonly unknown[]; readonly atomic: boolean } {
  const parsed = batchFrame.safeParse(body);
  if (!parsed.success) throw new EventError({ code: 'EVENT_INVALID', ...describeIssues(parsed.error.issues) });
  return { events: parsed.data.events, atomic: parsed.data.atomic ?? false };
}

/** An id has no room for the longest keys and a number: their hash stands for them. */
function idInBatch(key: string | undefined, index: number): string | undefined {
  if (key === undefined) return undefined;
  const stem = key.length <= MAX_STEM_CHARS ? key : taggedHash(STEM_TAG, key);
  return `${stem}/${index}`;
}

function withEventId<Body>(body: Body, key: string | undefined): Body {
  return key === undefined || !isObject(body) || Object.hasOwn(body, 'eventId') ? body : { ...body, eventId: key };
}

function accepted(result: PublishResult | undefined): PublishedEvent {
  if (result === undefined) throw new Error('publish did not answer for the event');
  if (result.status !== 'rejected') return result;
  const { code, detail, errors, retryAfterSeconds } = result.problem;
  throw new NervousError({ code, message: detail, problems: errors, retryAfterSeconds });
}

function eventResult(result: PublishResult): EventResult {
  return result.status === 'rejected' ? { ...result, problem: eventProblem(result.problem) } : result;
}
