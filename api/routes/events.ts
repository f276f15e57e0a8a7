/** One event's trace, and the change feed. */
import * as z from 'zod';
import { route } from '../route.ts';
import { eventTraceSchema, feedPageSchema } from '../schemas/events.ts';
import { entityId, eventId, principalId, waitSeconds, wholeNumber } from '../schemas/fields.ts';

const MS_PER_SECOND = 1000;
const TOPIC_LIST = /^(\*|[a-z0-9_.-]{1,128}\*?)(,(\*|[a-z0-9_.-]{1,128}\*?)){0,49}$/;

const traceEvent = route({
  method: 'GET',
  path: '/v1/events/{id}',
  operationId: 'traceEvent',
  tag: 'events',
  summary: 'One event with its deliveries',
  params: z.strictObject({ id: eventId }),
  query: z.strictObject({
    source: principalId.optional().meta({ description: 'who published it, when several sources use the id' }),
  }),
  responses: { 200: { description: 'the event', schema: eventTraceSchema } },
  problems: ['EVENT_NOT_FOUND', 'EVENT_AMBIGUOUS', 'FORBIDDEN'],
  handler: async (system, principal, { params, query }) => ({
    status: 200,
    body: await system.trace(principal, params.id, query.source),
  }),
});

const readFeed = route({
  method: 'GET',
  path: '/v1/feed',
  operationId: 'readFeed',
  tag: 'events',
  summary: 'Events in commit order, from a cursor on',
  query: z.strictObject({
    after: z.string().min(1).max(200).optional().meta({ description: 'the cursor of the page before' }),
    topics: z
      .string()
      .regex(TOPIC_LIST, 'must be domain.name, domain.* or *, separated by commas, at most 50')
      .transform((list) => list.split(','))
      .optional()
      .meta({ examples: ['transactions.*,budget.updated'] }),
    entity: entityId.optional(),
    limit: wholeNumber({ min: 1, max: 500, default: 100 }),
    wait: waitSeconds,
  }),
  responses: { 200: { description: 'a page; empty when nothing came while waiting', schema: feedPageSchema } },
  problems: ['CURSOR_INVALID', 'CURSOR_GONE', 'FORBIDDEN'],
  handler: async (system, principal, { query, request }) => {
    const { after, topics, entity, limit, wait } = query;
    const page = await system.feed.read(principal, {
      ...(after === undefined ? {} : { after }),
      ...(topics === undefined ? {} : { topics }),
      ...(entity === undefined ? {} : { entityId: entity }),
      ...(wait === 0 ? {} : { signal: request.signal }),
      limit,
      waitMs: wait * MS_PER_SECOND,
    });
    return { status: 200, body: page };
  },
});

export const eventRoutes = [traceEvent, readFeed];
