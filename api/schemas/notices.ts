/** What is asked and answered about notices. */
import * as z from 'zod';
import type { Notice, NoticePage, NoticePreferences, WithdrawnNotice } from '../../core/system/index.ts';
import { count, instant, position } from './fields.ts';

/** Ids marked at once: as many as a page has. */
const MAX_IDS = 200;

export const noticeCursor = z
  .string()
  .min(1)
  .max(40)
  .meta({ pattern: '^n(?:0|[1-9][0-9]{0,14})$', description: 'the `cursor` of a page' });

const place = {
  position: position.meta({ description: 'log index of the event, and the id of the notice' }),
  at: instant.meta({ description: 'when the event was recorded' }),
  read: z.boolean(),
};

const noticeSchema: z.ZodType<Notice> = z
  .strictObject({
    ...place,
    topic: z.string(),
    why: z
      .enum(['decides', 'proposed', 'voted', 'reviews', 'resolves', 'oversees', 'owns'])
      .meta({ description: 'why you are told: your part in the change-set, or what is yours or in your care' }),
    subject: z.union([
      z.strictObject({ kind: z.enum(['change-set', 'agent', 'topic']), id: z.string() }),
      z.strictObject({ kind: z.literal('subscription'), id: z.string(), module: z.string() }),
    ]),
    title: z
      .string()
      .meta({ description: 'one line; what others wrote is shortened, and what hides in it written out' }),
    facts: z.array(z.strictObject({ name: z.string(), value: z.string() })),
  })
  .meta({ id: 'Notice' });

const withdrawnSchema: z.ZodType<WithdrawnNotice> = z
  .strictObject({ ...place, withdrawn: z.literal(true) })
  .meta({ id: 'WithdrawnNotice', description: 'a notice of something that you may not read any more' });

export const noticePageSchema: z.ZodType<NoticePage> = z
  .strictObject({
    notices: z.array(z.union([noticeSchema, withdrawnSchema])).meta({ description: 'the oldest first' }),
    cursor: z.string().meta({ description: 'pass it as `after` to go on behind these' }),
    unread: count.meta({ description: 'of all that are kept, not only of this page' }),
  })
  .meta({ id: 'NoticePage' });

export const readMarkSchema = z
  .union([z.strictObject({ upTo: noticeCursor }), z.strictObject({ ids: z.array(z.int().min(0)).min(1).max(MAX_IDS) })])
  .meta({ id: 'ReadNotices', examples: [{ upTo: 'n1205' }, { ids: [1204] }] });

export const unreadSchema = z.strictObject({ unread: count }).meta({ id: 'UnreadNotices' });

const address = z.string().min(1).max(2_048);

export const noticePreferencesSchema: z.ZodType<NoticePreferences> = z
  .strictObject({
    email: z.email().max(254).exactOptional(),
    slack: address.exactOptional().meta({ description: 'URL of an incoming webhook of Slack' }),
    teams: address.exactOptional().meta({ description: 'URL of a workflow of Teams that takes adaptive cards' }),
    topics: z
      .array(z.string().regex(/^(\*|[a-z0-9_.-]{1,128}\*?)$/, 'must be domain.name, domain.* or *'))
      .max(50)
      .default(['*'])
      .meta({ description: 'which notices are sent; all are in the API' }),
    digestMinutes: z.int().min(0).max(10_080).default(15).meta({
      description: 'minutes between two messages of a channel, at least; what comes in between is sent together',
    }),
  })
  .meta({ id: 'NoticePreferences', examples: [{ email: 'boris@example.org', digestMinutes: 60 }] });
