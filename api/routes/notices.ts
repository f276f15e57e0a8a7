/** Notices: a person's own, page by page or as a stream, and marked read. Nothing here decides anything. */
import * as z from 'zod';
import type { NervousSystem, NoticePage } from '../../core/system/index.ts';
import { defined } from '../../core/values/index.ts';
import { checkedBody, routesOn, type StreamedBody } from '../route.ts';
import { wholeNumber } from '../schemas/fields.ts';
import {
  noticeCursor,
  noticePageSchema,
  noticePreferencesSchema,
  readMarkSchema,
  unreadSchema,
} from '../schemas/notices.ts';
import { EVENT_STREAM, resumedAt, serverSentEvent } from '../server-sent-events.ts';

const route = routesOn<Pick<NervousSystem, 'notices'>>();

/** As many as are kept of one person. */
const MAX_NOTICES = 200;
/** Addresses are nobody else's business. */
const NO_STORE = { 'cache-control': 'no-store' };

const listNotices = route({
  method: 'GET',
  path: '/v1/notices',
  operationId: 'listNotices',
  tag: 'notices',
  summary: 'What you should know of: your own notices, the oldest first',
  description:
    'The newest 200 of each person are kept. Whoever may not read any more what a notice is about sees only that there was one.',
  query: z.strictObject({
    after: noticeCursor.optional(),
    limit: wholeNumber({ min: 1, max: MAX_NOTICES, default: 50 }),
  }),
  responses: { 200: { description: 'a page', schema: noticePageSchema } },
  problems: ['CURSOR_INVALID', 'FORBIDDEN'],
  handler: async (system, principal, { query: { after, limit } }) => ({
    status: 200,
    body: await system.notices.list(principal, { limit, ...defined({ after }) }),
  }),
});

const readNotices = route({
  method: 'POST',
  path: '/v1/notices/read',
  operationId: 'readNotices',
  tag: 'notices',
  summary: 'Mark notices read',
  description: 'Up to a cursor, or those named. It decides nothing, and is not recorded in the ledger.',
  body: checkedBody(readMarkSchema),
  responses: { 200: { description: 'how many are unread', schema: unreadSchema } },
  problems: ['CURSOR_INVALID', 'FORBIDDEN', 'LEDGER_BUSY'],
  handler: async (system, principal, { body }) => ({
    status: 200,
    body: await system.notices.markRead(principal, body),
  }),
});

const getNoticePreferences = route({
  method: 'GET',
  path: '/v1/notices/preferences',
  operationId: 'getNoticePreferences',
  tag: 'notices',
  summary: 'Where your notices are sent beside the API',
  responses: {
    200: { description: 'what you chose; addresses that were erased are gone', schema: noticePreferencesSchema },
  },
  problems: ['FORBIDDEN', 'FIELD_DAMAGED'],
  handler: async (system, principal) => ({
    status: 200,
    headers: NO_STORE,
    body: await system.notices.preferences(principal),
  }),
});

const setNoticePreferences = route({
  method: 'POST',
  path: '/v1/notices/preferences',
  operationId: 'setNoticePreferences',
  tag: 'notices',
  summary: 'Choose where your notices are sent; this replaces all that you chose before',
  description:
    'Recorded on `notices:<personId>`. Addresses are confidential fields: no entry holds them, and they can be erased for good.',
  body: checkedBody(noticePreferencesSchema),
  responses: { 204: { description: 'recorded' } },
  problems: ['FORBIDDEN', 'NOTICE_CHANNEL_INVALID'],
  handler: async (system, principal, { body }) => {
    await system.notices.setPreferences(principal, body);
    return { status: 204 };
  },
});

const streamNotices = route({
  method: 'GET',
  path: '/v1/notices/stream',
  operationId: 'streamNotices',
  tag: 'notices',
  summary: 'Your notices as server-sent events: what there is, then what comes',
  description:
    'The id of each is its cursor: `Last-Event-ID` resumes behind it. Something comes every 10 s. Where answers cannot be streamed (AWS), ' +
    'the stream ends with what there is; come back with the last id.',
  unsafe: true, // HEAD would hold a stream open that nobody reads
  query: z.strictObject({ after: noticeCursor.optional() }),
  responses: { 200: { description: 'a block of type `notice` for each', mediaType: EVENT_STREAM, streamed: true } },
  problems: ['CURSOR_INVALID', 'FORBIDDEN', 'STREAMS_EXHAUSTED'],
  handler: async (system, principal, { query, request: { headers, signal, buffered } }) => {
    const after = resumedAt(headers, noticeCursor) ?? query.after;
    if (buffered !== true)
      return { status: 200, body: blocksOf(await system.notices.follow(principal, { signal, ...defined({ after }) })) };
    const page = await system.notices.list(principal, { limit: MAX_NOTICES, ...defined({ after }) });
    return { status: 200, body: blockOf(page) };
  },
});

export const noticeRoutes = [listNotices, readNotices, getNoticePreferences, setNoticePreferences, streamNotices];

async function* blocksOf(pages: AsyncIterable<NoticePage>): StreamedBody & AsyncGenerator<Uint8Array, void> {
  for await (const page of pages) yield blockOf(page);
}

/** Each with the cursor behind it, and how many are unread by then. */
function blockOf({ notices, cursor, unread }: NoticePage): Uint8Array {
  if (notices.length === 0) return serverSentEvent({ id: cursor });
  const blocks = notices.map((notice, i) => {
    const id = i === notices.length - 1 ? cursor : `n${notice.position + 1}`;
    return serverSentEvent({ id, type: 'notice', data: { ...notice, unread } });
  });
  return Buffer.concat(blocks);
}
