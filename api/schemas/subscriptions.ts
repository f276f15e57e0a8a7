/** Subscriptions, their messages and their dead letters. What may be subscribed to is core/events' business. */
import * as z from 'zod';
import {
  subscriptionInputSchema,
  type DeadLetter,
  type Extended,
  type ReceivedMessage,
  type Subscription,
} from '../../core/events/index.ts';
import { deliveredEventSchema } from './events.ts';
import { count, instant, jsonObject, position, principalId, subscriptionId } from './fields.ts';

/** Receipts settled in one request. */
const MAX_RECEIPTS = 1_000;
const MAX_DELAY_MS = 43_200_000;

export const newSubscriptionSchema = subscriptionInputSchema
  .extend({ filter: jsonObject.optional(), when: jsonObject.exactOptional() })
  .meta({
    id: 'SubscriptionInput',
    examples: [
      { id: 'ledger-totals', topics: ['transactions.*'], order: 'entity', startAt: 'earliest' },
      {
        id: 'quiet-accounts',
        topics: ['transactions.*'],
        mode: 'conditional',
        when: { changeSets: [{ exists: false }] },
      },
    ],
  });

const { topics, mode, buffer, target, order, delayMs, startAt, ackTimeoutMs, retry, breaker } =
  subscriptionInputSchema.shape;

/** Checked by core: what is left out stays, and `null` is the default. */
export const subscriptionPatchSchema = jsonObject.meta({
  id: 'SubscriptionPatch',
  description: 'any of the settings that a subscription is made with but `id` and `startAt`; `null`: its default',
  examples: [{ filter: null, retry: { maxAttempts: 10 } }],
});

export const subscriptionSchema: z.ZodType<Subscription> = z
  .strictObject({
    id: subscriptionId,
    module: principalId,
    topics,
    filter: jsonObject.exactOptional(),
    mode,
    when: jsonObject.exactOptional(),
    buffer,
    target,
    order,
    delayMs,
    startAt,
    ackTimeoutMs,
    retry,
    breaker,
    status: z.enum(['active', 'paused']),
    createdAt: instant,
    resumedAt: instant.exactOptional(),
    from: position,
    version: z.int().min(2).exactOptional().meta({ description: 'of this state of it; absent: 1' }),
    changedAt: instant.exactOptional().meta({ description: 'when its settings were changed last' }),
    changedFrom: position
      .exactOptional()
      .meta({ description: 'where the log ended when it was last changed for which events it is' }),
    verifiedAt: instant.exactOptional().meta({ description: 'of a webhook: its receiver proved that it wants it' }),
    disabled: z.string().exactOptional().meta({ description: 'of a webhook: why nothing is sent; resume enables it' }),
  })
  .meta({ id: 'Subscription' });

export interface SubscriptionList {
  readonly subscriptions: readonly Subscription[];
}
export const subscriptionListSchema: z.ZodType<SubscriptionList> = z
  .strictObject({ subscriptions: z.array(subscriptionSchema) })
  .meta({ id: 'SubscriptionList' });

export interface MessageList {
  readonly messages: readonly ReceivedMessage[];
  readonly idleSeconds?: number;
}
export const messageListSchema: z.ZodType<MessageList> = z
  .strictObject({
    messages: z.array(
      z.strictObject({
        receipt: z.string().meta({ description: 'proof of this delivery, for ack and nack' }),
        attempt: z.int().min(1),
        traceparent: z.string().exactOptional().meta({ description: 'W3C trace context of this delivery' }),
        event: deliveredEventSchema,
      }),
    ),
    idleSeconds: z.int().min(1).exactOptional().meta({
      description:
        'only where waiting is billed, and only when there is nothing: who has had nothing for a while should look this seldom, with `wait=0`',
    }),
  })
  .meta({ id: 'MessageList' });

/** The longest receipt of any engine: on AWS it carries the handle SQS gave. */
const MAX_RECEIPT_CHARS = 2_500;
const receipts = z.array(z.string().min(1).max(MAX_RECEIPT_CHARS)).min(1).max(MAX_RECEIPTS);

export const ackSchema = z.strictObject({ receipts }).meta({ id: 'Ack', examples: [{ receipts: ['r-42'] }] });

export const extendSchema = z.strictObject({ receipts }).meta({ id: 'Extend', examples: [{ receipts: ['r-42'] }] });

export const extendedSchema: z.ZodType<Extended> = z
  .strictObject({
    extended: z.array(
      z.strictObject({
        was: z.string().meta({ description: 'the receipt that was sent' }),
        receipt: z.string().meta({ description: 'the one that is valid now' }),
        until: instant,
      }),
    ),
    stale: z.array(z.string()).meta({ description: 'receipts that cannot be extended: their messages come again' }),
  })
  .meta({ id: 'Extended' });

export const nackSchema = z
  .strictObject({
    receipts,
    reason: z.string().min(1).max(500).meta({ description: 'kept with the dead letter' }),
    delayMs: z.int().min(0).max(MAX_DELAY_MS).exactOptional().meta({ description: 'instead of the backoff' }),
  })
  .meta({ id: 'Nack', examples: [{ receipts: ['r-42'], reason: 'account service timed out', delayMs: 5000 }] });

export interface Settlement {
  readonly stale: readonly string[];
}
export const settlementSchema: z.ZodType<Settlement> = z
  .strictObject({
    stale: z.array(z.string()).meta({ description: 'receipts that timed out or were settled before' }),
  })
  .meta({ id: 'Settlement' });

export interface DeadLetterPage {
  readonly deadLetters: readonly DeadLetter[];
  /** `after` of the next page; absent when this is the last */
  readonly next?: number;
}
export const deadLetterPageSchema: z.ZodType<DeadLetterPage> = z
  .strictObject({
    deadLetters: z.array(
      z.strictObject({
        position,
        attempts: count,
        reason: z.string(),
        diedAt: instant,
        event: deliveredEventSchema,
      }),
    ),
    next: position.exactOptional(),
  })
  .meta({ id: 'DeadLetterPage' });

export const redriveSchema = z
  .strictObject({
    positions: z.array(position).min(1).max(MAX_RECEIPTS).optional().meta({ description: 'default: all' }),
    pattern: jsonObject.optional().meta({ description: 'an event pattern, as in a filter: only events that match it' }),
  })
  .meta({ id: 'Redrive', examples: [{ positions: [17] }, { pattern: { 'detail-type': ['transactions.new'] } }] });

export const redrivenSchema = z.strictObject({ redriven: count }).meta({ id: 'Redriven' });
