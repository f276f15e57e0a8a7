/** Subscriptions and what is noted of their deliveries, as items. */
import {
  anyOf,
  byTag,
  codecOf,
  instant,
  jsonObject,
  list,
  object,
  oneOf,
  optional,
  text,
  whole,
  type Shape,
} from '../../values/index.ts';
import type { DeliveryAttempt } from './ports.ts';
import type { Subscription, SubscriptionTarget } from './subscription.ts';

const target: Shape<SubscriptionTarget> = byTag('kind', {
  queue: object<Extract<SubscriptionTarget, { kind: 'queue' }>>({ kind: oneOf('queue') }),
  function: object<Extract<SubscriptionTarget, { kind: 'function' }>>({
    kind: oneOf('function'),
    name: text,
    concurrency: whole,
  }),
  stream: object<Extract<SubscriptionTarget, { kind: 'stream' }>>({ kind: oneOf('stream') }),
});

export const subscriptionCodec = codecOf<Subscription>(
  'subscription',
  object<Subscription>({
    id: text,
    module: text,
    topics: list(text),
    filter: optional(jsonObject),
    mode: optional(oneOf('broadcast', 'targeted', 'conditional', 'buffered')),
    when: optional(jsonObject),
    buffer: optional(
      object<NonNullable<Subscription['buffer']>>({ maxSize: whole, maxDelayMs: whole, startDelayMs: whole }),
    ),
    target: optional(target),
    order: oneOf('none', 'entity'),
    delayMs: optional(whole),
    startAt: anyOf(whole, text),
    ackTimeoutMs: whole,
    retry: object<Subscription['retry']>({ maxAttempts: whole, baseMs: whole, maxMs: whole }),
    breaker: optional(object<NonNullable<Subscription['breaker']>>({ failures: whole, probeAfterMs: whole })),
    status: oneOf('active', 'paused'),
    createdAt: instant,
    resumedAt: optional(instant),
    from: whole,
  }),
);

export const deliveryAttemptShape: Shape<DeliveryAttempt> = object<DeliveryAttempt>({
  at: instant,
  outcome: oneOf('delivered', 'failed', 'skipped'),
  reason: optional(text),
});
