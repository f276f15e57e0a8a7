/** What the system itself tells on the bus: topics that every catalog has, and that nobody else may publish. */
import * as z from 'zod';
import { WORK_TOPICS } from '../../work/index.ts';
import type { Topics } from './topic-declaration.ts';

/** The `source` of what protection tells. */
export const GUARD_SOURCE = 'guard';
/** Where protection keeps its record. */
export const GUARD_CHAIN = 'system/guards';

const stopped = {
  topic: z.string(),
  cause: z.enum(['storm', 'loop']),
  /** of a loop: events of this correlation are refused, others are not */
  correlationId: z.string().exactOptional(),
  reason: z.string(),
};

const breaker = {
  subscription: z.string(),
  module: z.string(),
  /** of the last failure */
  reason: z.string().exactOptional(),
};

const webhook = { subscription: z.string(), module: z.string() };

export const SYSTEM_TOPICS = {
  'system.storm_detected': {
    description: 'A topic was stopped: too many events at once, or events that cause each other',
    versions: {
      1: z.strictObject({
        ...stopped,
        /** the event that decided it, which was not recorded */
        eventId: z.string(),
        source: z.string(),
        resetAt: z.iso.datetime().brand<'IsoInstant'>().exactOptional(),
      }),
    },
  },
  'system.topic_reset': {
    description: 'A stopped topic takes events again',
    versions: { 1: z.strictObject({ ...stopped, stoppedAt: z.iso.datetime().brand<'IsoInstant'>(), why: z.string() }) },
  },
  'system.breaker_opened': {
    description: 'A subscriber failed again and again; its events are kept for it, and it is tried from time to time',
    versions: { 1: z.strictObject(breaker) },
  },
  'system.breaker_closed': {
    description: 'A subscriber is back, or somebody said it is',
    versions: { 1: z.strictObject(breaker) },
  },
  'system.subscribers_failing': {
    description: 'At least half of the subscribers of a topic get nothing of it',
    versions: { 1: z.strictObject({ topic: z.string(), open: z.int(), subscribers: z.int() }) },
  },
  'webhooks.failing': {
    description: 'A webhook did nothing but fail for so much of the time after which it is disabled',
    versions: { 1: z.strictObject({ ...webhook, percent: z.int(), since: z.iso.datetime().brand<'IsoInstant'>() }) },
  },
  'webhooks.disabled': {
    description: 'Nothing is sent to a webhook any more, until somebody resumes it; its place in the log is kept',
    versions: { 1: z.strictObject({ ...webhook, reason: z.string() }) },
  },
  'webhooks.secret_rotated': {
    description: 'A webhook signs with a new secret; the older ones sign beside it until they end',
    versions: { 1: z.strictObject({ ...webhook, live: z.int(), overlapSeconds: z.int() }) },
  },
  'webhooks.key_certified': {
    description: 'The ledger signs webhooks with this Ed25519 key, too; the root key signed the certificate',
    versions: { 1: z.strictObject({ publicKey: z.string(), certificate: z.string() }) },
  },
  ...WORK_TOPICS,
} as const;

export type StormDetected = z.output<(typeof SYSTEM_TOPICS)['system.storm_detected']['versions'][1]>;
export type TopicReset = z.output<(typeof SYSTEM_TOPICS)['system.topic_reset']['versions'][1]>;

/** Every topic of a ledger: what its configuration declares, and the system's own. */
export function ledgerTopics(topics: Topics): Topics {
  return { ...topics, ...SYSTEM_TOPICS };
}

export function isSystemTopic(topic: string): boolean {
  return Object.hasOwn(SYSTEM_TOPICS, topic);
}
