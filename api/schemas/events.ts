/** Events as they go in and out. The envelope's own schema is core/events'. */
import * as z from 'zod';
import type { ChainHash } from '../../core/brands/index.ts';
import {
  eventInputSchema,
  MAX_EVENTS_PER_PUBLISH,
  type DeliveredEvent,
  type DeliveryState,
} from '../../core/events/index.ts';
import type { EventTrace } from '../../core/system/index.ts';
import { workRefSchema } from '../../core/work/index.ts';
import { chainHash, count, entityId, eventSource, hash, instant, jsonObject, position, seq } from './fields.ts';
import { problemSchema, type ProblemDetails } from './problem.ts';

const eventExample = {
  eventId: 'trans-695247',
  topic: 'transactions.new',
  entityId: 'account:1695',
  payload: { amount: '3200.00', operation: 'credit' },
};

export const eventSchema = eventInputSchema
  .extend({ payload: jsonObject })
  .meta({ id: 'EventInput', examples: [eventExample] });

export const eventBatchSchema = z
  .strictObject({
    events: z.array(eventSchema).min(1).max(MAX_EVENTS_PER_PUBLISH),
    atomic: z.boolean().optional().meta({ description: 'true: all are recorded or none' }),
  })
  .meta({ id: 'EventBatch', examples: [{ events: [eventExample], atomic: true }] });

export interface PublishedEvent {
  readonly status: 'accepted' | 'duplicate';
  readonly eventId: string;
  readonly entity: string;
  readonly seq: number;
  readonly hash: ChainHash;
}

export const publishedEventSchema: z.ZodType<PublishedEvent> = z
  .strictObject({
    status: z.enum(['accepted', 'duplicate']),
    eventId: z.string(),
    entity: entityId,
    seq,
    hash: chainHash,
  })
  .meta({ id: 'PublishedEvent', description: 'Recorded durably. `duplicate`: it was before, and is where it was.' });

export type EventResult =
  PublishedEvent | { readonly status: 'rejected'; readonly eventId?: string; readonly problem: ProblemDetails };

export interface BatchResult {
  /** one for each event, in their order */
  readonly results: readonly EventResult[];
}

export const batchResultSchema: z.ZodType<BatchResult> = z
  .strictObject({
    results: z.array(
      z.union([
        publishedEventSchema,
        z.strictObject({
          status: z.literal('rejected'),
          eventId: z.string().exactOptional(),
          problem: problemSchema,
        }),
      ]),
    ),
  })
  .meta({ id: 'BatchResult' });

export const deliveredEventSchema: z.ZodType<DeliveredEvent> = z
  .strictObject({
    eventId: z.string(),
    topic: z.string(),
    version: z.int().min(1),
    timestamp: instant,
    entityId,
    userId: z.string().exactOptional(),
    source: eventSource,
    payload: jsonObject,
    metadata: jsonObject.exactOptional(),
    work: workRefSchema.exactOptional().meta({ description: 'the claim under which it was published' }),
    commits: z
      .array(z.strictObject({ path: z.string(), hash: hash.brand<'FieldHash'>() }))
      .exactOptional()
      .meta({ description: 'commitments to confidential fields, which are kept beside the ledger' }),
    ledger: z.strictObject({ entity: entityId, seq, hash: chainHash, position: position.exactOptional() }),
  })
  .meta({ id: 'Event', description: 'An event with its place in the ledger.' });

const subscriptionHistory = {
  subscription: z.string(),
  history: z
    .array(
      z.strictObject({
        at: instant,
        outcome: z.enum(['delivered', 'failed', 'skipped']),
        reason: z.string().exactOptional(),
      }),
    )
    .exactOptional()
    .meta({ description: 'the newest tries, oldest first, as far as they are known' }),
};

const deliveryStateSchema: z.ZodType<DeliveryState> = z
  .union([
    z.strictObject({
      ...subscriptionHistory,
      state: z.enum(['pending', 'relayed', 'in-flight', 'delivered', 'skipped', 'settled']).meta({
        description:
          'relayed: in the queue of the subscription; skipped: its condition was not met; settled: delivered or skipped, no longer known which',
      }),
    }),
    z.strictObject({
      ...subscriptionHistory,
      state: z.enum(['retrying', 'dead-letter']),
      attempts: count,
      reason: z.string().exactOptional().meta({ description: 'told to the subscriber, auditors and operators' }),
    }),
  ])
  .meta({ id: 'DeliveryState' });

export const eventTraceSchema: z.ZodType<EventTrace> = z
  .strictObject({ event: deliveredEventSchema, acceptedAt: instant, deliveries: z.array(deliveryStateSchema) })
  .meta({ id: 'EventTrace' });

export interface FeedPage {
  readonly events: readonly DeliveredEvent[];
  /** pass as `after` to go on; opaque */
  readonly cursor: string;
}

export const feedPageSchema: z.ZodType<FeedPage> = z
  .strictObject({
    events: z.array(deliveredEventSchema),
    cursor: z.string().meta({ description: 'opaque: pass it as `after` to go on' }),
  })
  .meta({ id: 'FeedPage' });
