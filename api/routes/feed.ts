/** The change feed: page by page, or as a stream of server-sent events. */
import * as z from 'zod';
import { toCloudEvent, type SubscriptionQueries } from '../../core/events/index.ts';
import type { Principal } from '../../core/policy/index.ts';
import type { FeedBatch, FeedFilter, NervousSystem } from '../../core/system/index.ts';
import { defined, MS_PER_SECOND, type Moment } from '../../core/values/index.ts';
import { aboutFeed, eventsRead } from '../access.ts';
import { wantsCloudEvents } from '../cloud-events.ts';
import { routesOn, type Journal } from '../route.ts';
import { CLOUD_EVENT_BATCH, cloudEventBatchSchema } from '../schemas/cloud-events.ts';
import { feedPageSchema } from '../schemas/events.ts';
import {
  entityId,
  feedCursor,
  MAX_WAIT_SECONDS,
  moment,
  subscriptionId,
  waitSeconds,
  wholeNumber,
} from '../schemas/fields.ts';
import { endedEventStream, EVENT_STREAM, eventStream, resumedAt } from '../server-sent-events.ts';

type Feeding = Pick<NervousSystem, 'feed' | 'config'> & {
  readonly subscriptions: Pick<SubscriptionQueries, 'streamFilter'>;
};
const route = routesOn<Feeding>();

const MAX_EVENTS = 500;
const TOPIC_LIST = /^(\*|[a-z0-9_.-]{1,128}\*?)(,(\*|[a-z0-9_.-]{1,128}\*?)){0,49}$/;

const filter = {
  topics: z
    .string()
    .regex(TOPIC_LIST, 'must be domain.name, domain.* or *, separated by commas, at most 50')
    .transform((list) => list.split(','))
    .optional()
    .meta({ examples: ['transactions.*,budget.updated'] }),
  entity: entityId.optional(),
  since: moment.optional().meta({
    description: 'where to begin: at the first entry recorded then or later. A cursor goes before it',
    examples: ['15m', '2026-12-01T08:00:00Z'],
  }),
  until: moment.optional().meta({
    description: 'where to end: behind the last entry recorded before it. What is not recorded yet is not waited for',
  }),
};
const problems = ['CURSOR_INVALID', 'CURSOR_GONE', 'FORBIDDEN'] as const;

const readFeed = route({
  method: 'GET',
  path: '/v1/feed',
  operationId: 'readFeed',
  access: aboutFeed,
  tag: 'events',
  summary: 'Events in commit order, from a cursor on',
  description:
    'Pages follow the order of the log. Go on with `cursor`; with `wait` the answer comes as soon as there is something.',
  query: z.strictObject({
    after: feedCursor
      .optional()
      .meta({ description: 'the cursor of the page before, or `latest` for the end of the log' }),
    ...filter,
    limit: wholeNumber({ min: 1, max: MAX_EVENTS, default: 100 }),
    wait: waitSeconds,
  }),
  responses: {
    200: {
      description:
        'a page; empty when nothing came while waiting. Of CloudEvents, `Link: <…>; rel="next"` has the cursor',
      schema: feedPageSchema,
      alternatives: { [CLOUD_EVENT_BATCH]: cloudEventBatchSchema },
    },
  },
  problems,
  isHeavy: ({ query }) => query.after === undefined, // the whole log may be looked through
  handler: async (system, principal, { query, request, journal }) => {
    const { items, cursor } = await system.feed.read(principal, {
      ...optionsOf(query),
      ...(query.wait === 0 ? {} : { signal: request.signal }),
      limit: query.limit,
      waitMs: query.wait * MS_PER_SECOND,
    });
    const events = items.map(({ event }) => event);
    await journal(eventsRead(events));
    if (!wantsCloudEvents(request.headers)) return { status: 200, body: { events, cursor } };
    const headers = { 'content-type': CLOUD_EVENT_BATCH, link: `<${pageAfter(cursor, query)}>; rel="next"` };
    return { status: 200, headers, body: events.map((event) => toCloudEvent(event, system.config.origin)) };
  },
});

const streamQuery = z.strictObject({
  after: feedCursor.optional().meta({ description: 'as of the feed; the header `Last-Event-ID` goes before it' }),
  ...filter,
  subscription: subscriptionId
    .optional()
    .meta({ description: 'what this subscription with target `stream` lets through' }),
});

const streamFeed = route({
  method: 'GET',
  path: '/v1/stream',
  operationId: 'streamFeed',
  access: aboutFeed,
  tag: 'events',
  summary: 'The feed as server-sent events: what there is, then what comes',
  description:
    'The id of each event is its cursor: `Last-Event-ID` resumes behind it. Something comes at least every 15 s. Where answers ' +
    'cannot be streamed (AWS), the stream ends with what there is, after waiting for it up to 20 s; come back with the last id. ' +
    'With `until` it ends there, and whoever comes back is answered 204, which `EventSource` takes for the end.',
  unsafe: true, // HEAD would hold a stream open that nobody reads
  query: streamQuery,
  responses: {
    200: { description: 'one block for each event, its topic as type', mediaType: EVENT_STREAM, streamed: true },
    204: { description: 'all until `until` was read' },
  },
  problems: [...problems, 'STREAMS_EXHAUSTED', 'SUBSCRIPTION_NOT_FOUND', 'SUBSCRIPTION_INVALID'],
  isHeavy: ({ query, request }) =>
    query.subscription === undefined && (resumedAt(request.headers, feedCursor) ?? query.after) === undefined,
  handler: async (system, principal, { query, request: { headers, signal, buffered }, journal }) => {
    const after = resumedAt(headers, feedCursor) ?? query.after;
    const chosen = await subscriptionOf(system, principal, query);
    const options = { ...optionsOf({ ...query, after }), ...chosen, signal };
    if (buffered !== true) {
      const batches = await system.feed.follow(principal, options);
      return batches === undefined ? { status: 204 } : { status: 200, body: eventStream(journaled(batches, journal)) };
    }
    const bounds = { limit: MAX_EVENTS, waitMs: MAX_WAIT_SECONDS * MS_PER_SECOND };
    const batch = await system.feed.read(principal, { ...options, ...bounds });
    await journal(eventsRead(batch.items.map(({ event }) => event)));
    const isOver = batch.isLast === true && batch.items.length === 0;
    return isOver ? { status: 204 } : { status: 200, body: endedEventStream(batch) };
  },
});

export const feedRoutes = [readFeed, streamFeed];

/** Each batch goes out when it is journaled. */
async function* journaled(batches: AsyncIterable<FeedBatch>, journal: Journal): AsyncGenerator<FeedBatch, void> {
  for await (const batch of batches) {
    await journal(eventsRead(batch.items.map(({ event }) => event)));
    yield batch;
  }
}

/** The request for the page behind a cursor: a batch of CloudEvents has no room for it. */
function pageAfter(
  after: string,
  { topics, entity, until, limit, wait }: FeedQuery & { readonly limit: number; readonly wait: number },
): string {
  const query = new URLSearchParams({
    after,
    ...(topics === undefined ? {} : { topics: topics.join(',') }),
    ...defined({ entity, until: until?.text }),
    limit: String(limit),
    wait: String(wait),
  });
  return `/v1/feed?${query.toString()}`;
}

interface FeedQuery {
  readonly after?: string | undefined;
  readonly topics?: readonly string[] | undefined;
  readonly entity?: string | undefined;
  readonly since?: Moment | undefined;
  readonly until?: Moment | undefined;
}

function optionsOf({ after, topics, entity, since, until }: FeedQuery): FeedFilter & { readonly after?: string } {
  return {
    ...defined({ after, topics, entityId: entity, since, until }),
  };
}

async function subscriptionOf(
  { subscriptions }: Feeding,
  principal: Principal,
  { subscription }: z.output<typeof streamQuery>,
): Promise<Pick<FeedFilter, 'subscription'>> {
  return subscription === undefined ? {} : { subscription: await subscriptions.streamFilter(principal, subscription) };
}
