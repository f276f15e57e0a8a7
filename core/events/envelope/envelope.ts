/**
 * The event envelope: what a publisher may say, and how it is recorded in an entry. Time and place come from the ledger; the
 * payload's shape is the catalog's business.
 */
import * as z from 'zod';
import type { IsoInstant } from '../../brands/index.ts';
import type { JsonObject } from '../../canonical/index.ts';
import { describeIssues } from '../../errors/index.ts';
import { ENTITY_ID, TRACEPARENT } from '../../ledger/index.ts';
import { workRefSchema, type WorkRef } from '../../work/index.ts';
import { EventError } from '../catalog/errors.ts';
import { eventIdSchema } from './event-id.ts';

const TOPIC = /^[a-z0-9_-]+(\.[a-z0-9_-]+)+$/;

const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be a JSON object',
);
const shortText = z.string().min(1).max(128);

const metadataSchema = z
  .looseObject({
    /** W3C Trace Context */
    traceparent: z
      .string()
      .regex(TRACEPARENT, 'must be a W3C traceparent: 00-<32 hex>-<16 hex>-<2 hex>, ids not all zero')
      .optional(),
    correlationId: shortText.optional(),
    causationId: shortText.optional(),
    /** events between this one and the one that began it; too many are a loop, which is the guard's business */
    hops: z.int().min(0).optional(),
    /** modules this event is meant for */
    targets: z.array(shortText).max(100).optional(),
  })
  .refine((metadata) => Object.keys(metadata).length <= 32, 'at most 32 keys');

export const eventInputSchema = z.strictObject({
  eventId: eventIdSchema.optional(),
  topic: z.string().max(128).regex(TOPIC, 'must be domain.name in lower case'),
  /** default: the newest version of the topic */
  version: z.int().min(1).max(1_000_000).optional(),
  /** when it happened, RFC 3339; default: when it was recorded */
  timestamp: z.iso.datetime({ offset: true, message: 'must be an RFC 3339 date-time' }).optional(),
  entityId: z
    .string()
    .regex(ENTITY_ID, 'must be 1-128 of A-Z a-z 0-9 . _ : / - starting with a letter or digit')
    .optional(),
  userId: shortText.optional(),
  /** default and only allowed value: the publishing principal */
  source: shortText.optional(),
  payload: jsonObject,
  metadata: metadataSchema.optional(),
  /** the claim under which this is done: without it standing, the event is refused */
  work: workRefSchema.optional(),
});

export type EventInput = z.input<typeof eventInputSchema>;

/** What an entry of type `event` holds in `data`; the event id is the entry's `idem`, the entity its `entity`. */
export interface EventData {
  readonly topic: string;
  readonly version: number;
  readonly source: string;
  readonly payload: JsonObject;
  readonly timestamp?: IsoInstant;
  readonly userId?: string;
  readonly metadata?: JsonObject;
  readonly work?: WorkRef & JsonObject;
}

/** @throws EventError EVENT_INVALID */
export function parseEventInput(input: unknown): z.output<typeof eventInputSchema> {
  const parsed = eventInputSchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new EventError({ code: 'EVENT_INVALID', ...describeIssues(parsed.error.issues) });
}

/** The chain of events that belong to no entity. */
export function moduleChain(source: string): string {
  return `module/${source}`;
}

/** Ledger-wide key of an event: ids are the publisher's own, so they are unique per source (as in CloudEvents). */
export function eventIdemKey(source: string, eventId: string): string {
  return `event/${source}/${eventId}`;
}
