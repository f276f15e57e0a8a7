/** Subscriptions and what is noted of their deliveries, as items. */
import * as z from 'zod';
import { codecOf, instant, jsonObject, stored, whole } from '../../values/index.ts';
import type { DeliveryAttempt, WebhookAttempt } from './ports.ts';
import { WEBHOOK_FORMATS, WEBHOOK_PAYLOADS } from '../webhooks/webhook-message.ts';
import type { Subscription } from './subscription.ts';

const target = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('queue') }),
  z.strictObject({ kind: z.literal('function'), name: z.string(), concurrency: whole }),
  z.strictObject({ kind: z.literal('stream') }),
  z.strictObject({
    kind: z.literal('webhook'),
    url: z.string(),
    payload: z.enum(WEBHOOK_PAYLOADS),
    format: z.enum(WEBHOOK_FORMATS),
    concurrency: whole,
    rate: whole.exactOptional(),
    scheduleSeconds: z.array(whole).exactOptional(),
  }),
]);

export const subscriptionCodec = codecOf<Subscription>(
  'subscription',
  stored<Subscription>({
    id: z.string(),
    module: z.string(),
    topics: z.array(z.string()),
    filter: jsonObject.exactOptional(),
    mode: z.enum(['broadcast', 'targeted', 'conditional', 'buffered']).exactOptional(),
    when: jsonObject.exactOptional(),
    buffer: stored<NonNullable<Subscription['buffer']>>({
      maxSize: whole,
      maxDelayMs: whole,
      startDelayMs: whole,
    }).exactOptional(),
    target: target.exactOptional(),
    order: z.enum(['none', 'entity']),
    delayMs: whole.exactOptional(),
    startAt: z.union([whole, z.string()]),
    ackTimeoutMs: whole,
    retry: stored<Subscription['retry']>({ maxAttempts: whole, baseMs: whole, maxMs: whole }),
    breaker: stored<NonNullable<Subscription['breaker']>>({ failures: whole, probeAfterMs: whole }).exactOptional(),
    status: z.enum(['active', 'paused']),
    createdAt: instant,
    resumedAt: instant.exactOptional(),
    from: whole,
    version: whole.exactOptional(),
    changedAt: instant.exactOptional(),
    changedFrom: whole.exactOptional(),
    verifiedAt: instant.exactOptional(),
    disabled: z.string().exactOptional(),
  }),
);

export const deliveryAttemptSchema = stored<DeliveryAttempt>({
  at: instant,
  outcome: z.enum(['delivered', 'failed', 'skipped']),
  reason: z.string().exactOptional(),
});

/** `n`: the higher, the newer. */
type NumberedAttempt = WebhookAttempt & { readonly n: number };

export const webhookAttemptCodec = codecOf<NumberedAttempt>(
  'attempt to send a webhook',
  stored<NumberedAttempt>({
    n: whole,
    at: instant,
    of: z.enum(['event', 'verify', 'test']),
    position: whole.exactOptional(),
    webhookId: z.string(),
    attempt: whole,
    outcome: z.enum(['delivered', 'failed']),
    status: whole.exactOptional(),
    durationMs: whole,
    reason: z.string().exactOptional(),
    answer: z.string().exactOptional(),
  }),
);
