/**
 * A subscription: a module's standing interest in topics, and how it wants to be served. Decides what is a valid
 * subscription; which events it wants is subscription-matcher's, how they get there delivery's and the engine's business.
 */
import * as z from 'zod';
import { msOf, type IsoInstant } from '../../brands/index.ts';
import { describeIssues, type Problem } from '../../errors/index.ts';
import { DEFAULT_BREAKER } from '../../guard/index.ts';
import { compileCondition } from './condition.ts';
import { EventError } from '../catalog/errors.ts';
import type { JsonObject } from '../pattern/index.ts';
import { orNone } from '../../values/index.ts';
import { compileFilter } from './subscription-matcher.ts';
import { WEBHOOK_FORMATS, WEBHOOK_PAYLOADS } from '../webhooks/webhook-message.ts';
import { MS_PER_DAY, MS_PER_HOUR } from '../../values/index.ts';

const TOPIC_GLOB = /^(\*|[a-z0-9_-]+(\.[a-z0-9_-]+)*(\.\*)?)$/;
const SUBSCRIPTION_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const FUNCTION_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/;
const HALF_DAY_MS = 12 * MS_PER_HOUR;

const SUBSCRIPTION_MODES = ['broadcast', 'targeted', 'conditional', 'buffered'] as const;

const patternObject = z.custom<JsonObject>(
  (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
  'must be an event pattern',
);

const retrySchema = z.strictObject({
  /** deliveries of one event before it becomes a dead letter */
  maxAttempts: z.int().min(1).max(100).default(5),
  /** first retry comes after 0..baseMs, the next after 0..2*baseMs, … (full jitter) */
  baseMs: z.int().min(1).max(MS_PER_HOUR).default(200),
  /** no retry waits longer */
  maxMs: z.int().min(1).max(MS_PER_DAY).default(60_000),
});

const bufferSchema = z.strictObject({
  /** a batch of this many events is delivered at once */
  maxSize: z.int().min(1).max(1_000).default(100),
  /** a smaller batch is delivered when its oldest event was recorded this long ago */
  maxDelayMs: z.int().min(0).max(MS_PER_HOUR).default(1_000),
  /** nothing is delivered before the subscription has been active this long: since it was made, or last resumed */
  startDelayMs: z.int().min(0).max(MS_PER_DAY).default(0),
});

const targetSchema = z.discriminatedUnion('kind', [
  /** pulled by its module: receive, ack, nack */
  z.strictObject({ kind: z.literal('queue') }),
  /** given to a function that the engine was started with, under this name */
  z.strictObject({
    kind: z.literal('function'),
    name: z.string().regex(FUNCTION_NAME, 'must be 1-64 of A-Z a-z 0-9 _ - starting with a letter or digit'),
    /** events it works on at the same time; those of one entity always one after the other */
    concurrency: z.int().min(1).max(100).default(10),
  }),
  /** read over GET /v1/stream?subscription=<id>; the reader keeps its own cursor */
  z.strictObject({ kind: z.literal('stream') }),
  /** sent by HTTP and signed, as Standard Webhooks says (docs/webhooks.md) */
  z.strictObject({
    kind: z.literal('webhook'),
    url: z.string().min(1).max(2_048),
    /** `thin`: only what names an event; its receiver reads it with credentials of its own */
    payload: z.enum(WEBHOOK_PAYLOADS).default('full'),
    format: z.enum(WEBHOOK_FORMATS).default('envelope'),
    /** events on their way at the same time */
    concurrency: z.int().min(1).max(50).default(10),
    /** deliveries a second at most, spread evenly, failed ones included; default: as many as there are */
    rate: z.int().min(1).max(1_000).exactOptional(),
    /** seconds before each attempt, the first included; default: 8 attempts in 27 h 35 m */
    scheduleSeconds: z.array(z.int().min(0).max(36_000)).min(1).max(20).exactOptional(),
  }),
]);

const breakerSchema = z.strictObject({
  /** failed deliveries in a row that open it */
  failures: z.int().min(1).max(1_000).default(DEFAULT_BREAKER.failures),
  /** from opening to the first probe, and from one probe to the next */
  probeAfterMs: z.int().min(100).max(MS_PER_HOUR).default(DEFAULT_BREAKER.probeAfterMs),
});

export const subscriptionInputSchema = z.strictObject({
  /** default: a new unique id */
  id: z.string().regex(SUBSCRIPTION_ID, 'must be 1-64 of A-Z a-z 0-9 . _ - starting with a letter or digit').optional(),
  topics: z.array(z.string().max(128).regex(TOPIC_GLOB, 'must be domain.name, domain.* or *')).min(1).max(50),
  /** an EventBridge event pattern over `{source, detail-type, time, detail: <event>}` */
  filter: patternObject.optional(),
  /** default `broadcast`; `targeted`: only events whose `metadata.targets` names the module */
  mode: z.enum(SUBSCRIPTION_MODES).exactOptional(),
  /** for `conditional`: a pattern over `{entity, changeSets, permissions}` as they are when the event is delivered */
  when: patternObject.exactOptional(),
  /** for `buffered`: how batches are made */
  buffer: bufferSchema.exactOptional(),
  /** default `queue` */
  target: targetSchema.exactOptional(),
  /** `entity`: a later event of an entity waits while an earlier one is being retried */
  order: z.enum(['none', 'entity']).default('none'),
  /** an event is delivered this long after it was recorded, not before */
  delayMs: z.int().min(1).max(HALF_DAY_MS).exactOptional(),
  /**
   * `latest`: events recorded from now on; `earliest`: the whole history first; a number: from that log index on; a
   * date-time: from the first event recorded then or later
   */
  startAt: z
    .union([z.enum(['latest', 'earliest']), z.int().min(0), z.iso.datetime({ offset: true })], {
      error: 'must be latest, earliest, a log index or an RFC 3339 date-time',
    })
    .default('latest'),
  /** a pulled event that is not acknowledged in this time counts as a failed attempt */
  ackTimeoutMs: z.int().min(100).max(HALF_DAY_MS).default(30_000),
  retry: retrySchema.default({ maxAttempts: 5, baseMs: 200, maxMs: 60_000 }),
  /** default: opens after 3 failures in a row, tries again every 30 s */
  breaker: breakerSchema.exactOptional(),
});

export type SubscriptionInput = z.input<typeof subscriptionInputSchema>;
export type SubscriptionTarget = z.output<typeof targetSchema>;
export type RetryPolicy = z.output<typeof retrySchema>;
type Settings = z.output<typeof subscriptionInputSchema>;

/** As stored. What is absent has its default, so that subscriptions from before there was a choice stay what they are. */
export interface Subscription extends Omit<Settings, 'id' | 'filter'> {
  readonly id: string;
  /** the module (or other principal) it belongs to */
  readonly module: string;
  readonly filter?: JsonObject;
  readonly status: 'active' | 'paused';
  /** ISO 8601 UTC */
  readonly createdAt: IsoInstant;
  /** when it was last resumed, ISO 8601 UTC; absent: never */
  readonly resumedAt?: IsoInstant;
  /** first log position it looks at */
  readonly from: number;
  /** of this state of it: every change makes it one more; absent: 1 */
  readonly version?: number;
  /** when its settings were changed last, ISO 8601 UTC; absent: never */
  readonly changedAt?: IsoInstant;
  /** where the log ended when it was last changed for which events it is; absent: never */
  readonly changedFrom?: number;
  /** of a webhook: when its receiver proved that it wants it. Nothing is sent before. ISO 8601 UTC */
  readonly verifiedAt?: IsoInstant;
  /** of a webhook that is paused because its receiver only failed, or said so: why */
  readonly disabled?: string;
}

export type WebhookTarget = Extract<SubscriptionTarget, { readonly kind: 'webhook' }>;

export type WebhookSubscription = Subscription & { readonly target: WebhookTarget };

export type FunctionSubscription = Subscription & {
  readonly target: Extract<SubscriptionTarget, { readonly kind: 'function' }>;
};

/** Sent to by a dispatcher; all others are pulled, or read. */
export type PushedSubscription = WebhookSubscription | FunctionSubscription;

export function isWebhook(subscription: Subscription): subscription is WebhookSubscription {
  return subscription.target?.kind === 'webhook';
}

export function isFunction(subscription: Subscription): subscription is FunctionSubscription {
  return subscription.target?.kind === 'function';
}

export function isPushed(subscription: Subscription): subscription is PushedSubscription {
  return isWebhook(subscription) || isFunction(subscription);
}

/** @throws EventError SUBSCRIPTION_INVALID */
export function parseSubscriptionInput(input: unknown): Settings {
  const parsed = subscriptionInputSchema.safeParse(input);
  if (!parsed.success) throw new EventError({ code: 'SUBSCRIPTION_INVALID', ...describeIssues(parsed.error.issues) });
  const settings = parsed.data;
  compileFilter(settings.filter);
  compileCondition(settings.when);
  const [misfit] = misfits(settings);
  if (misfit !== undefined) {
    const message = `${misfit.pointer}: ${misfit.detail}`;
    throw new EventError({ code: 'SUBSCRIPTION_INVALID', message, problems: [misfit] });
  }
  return inShort(settings);
}

export function targetOf({ target }: Pick<Subscription, 'target'>): SubscriptionTarget {
  return target ?? { kind: 'queue' };
}

/** Milliseconds since the Unix epoch before which the subscription is given nothing; 0: it is given what there is. */
export function startsAtMs({ buffer, createdAt, resumedAt }: Subscription): number {
  const delayMs = orNone(buffer?.startDelayMs);
  return delayMs === 0 ? 0 : msOf(resumedAt ?? createdAt) + delayMs;
}

/** Settings that each make sense, but not together. */
function misfits({ mode = 'broadcast', when, buffer, target, delayMs }: Settings): readonly Problem[] {
  const isStream = target?.kind === 'stream';
  return [
    ...(target?.kind === 'webhook' && mode === 'buffered'
      ? [{ pointer: '/mode', detail: 'a webhook carries one event: buffered needs a queue or a function' }]
      : []),
    ...(mode === 'conditional' && when === undefined
      ? [{ pointer: '/when', detail: 'a conditional subscription needs the condition it is delivered under' }]
      : []),
    ...(mode !== 'conditional' && when !== undefined
      ? [{ pointer: '/when', detail: `is for "mode": "conditional", not for ${mode}` }]
      : []),
    ...(mode !== 'buffered' && buffer !== undefined
      ? [{ pointer: '/buffer', detail: `is for "mode": "buffered", not for ${mode}` }]
      : []),
    ...(isStream && (mode === 'conditional' || mode === 'buffered')
      ? [{ pointer: '/mode', detail: `a stream is read as it comes: ${mode} needs a queue or a function` }]
      : []),
    ...(isStream && delayMs !== undefined
      ? [{ pointer: '/delayMs', detail: 'a stream is read as it comes: a delay needs a queue or a function' }]
      : []),
  ];
}

/** Saying a default and leaving it out is the same subscription. */
function inShort({ mode = 'broadcast', target = { kind: 'queue' }, buffer, ...settings }: Settings): Settings {
  return {
    ...settings,
    ...(mode === 'broadcast' ? {} : { mode }),
    ...(target.kind === 'queue' ? {} : { target }),
    ...(mode === 'buffered' ? { buffer: buffer ?? bufferSchema.parse({}) } : {}),
  };
}
