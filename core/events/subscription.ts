/**
 * A subscription: a module's standing interest in topics, narrowed by an EventBridge pattern. Decides what is a valid
 * subscription and which events it wants; how events get there is delivery's and the engine's business.
 */
import * as z from 'zod';
import { describeIssues } from '../errors/index.ts';
import { matchesGlob } from '../policy/index.ts';
import { eventBridgeShape, type DeliveredEvent } from './envelope.ts';
import { EventError } from './errors.ts';
import { matchPattern, parsePattern, PatternError, type JsonObject, type Pattern } from './pattern/index.ts';

const TOPIC_GLOB = /^(\*|[a-z0-9_-]+(\.[a-z0-9_-]+)*(\.\*)?)$/;
const SUBSCRIPTION_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export const retrySchema = z.strictObject({
  /** deliveries of one event before it becomes a dead letter */
  maxAttempts: z.int().min(1).max(100).default(5),
  /** first retry comes after 0..baseMs, the next after 0..2*baseMs, … (full jitter) */
  baseMs: z.int().min(1).max(3_600_000).default(200),
  /** no retry waits longer */
  maxMs: z.int().min(1).max(86_400_000).default(60_000),
});

export const subscriptionInputSchema = z.strictObject({
  /** default: a new unique id */
  id: z.string().regex(SUBSCRIPTION_ID, 'must be 1-64 of A-Z a-z 0-9 . _ - starting with a letter or digit').optional(),
  topics: z.array(z.string().max(128).regex(TOPIC_GLOB, 'must be domain.name, domain.* or *')).min(1).max(50),
  /** an EventBridge event pattern over `{source, detail-type, time, detail: <event>}` */
  filter: z
    .custom<JsonObject>(
      (value) => typeof value === 'object' && value !== null && !Array.isArray(value),
      'must be an event pattern',
    )
    .optional(),
  /** `entity`: a later event of an entity waits while an earlier one is being retried */
  order: z.enum(['none', 'entity']).default('none'),
  /** `latest`: events recorded from now on; `earliest`: the whole history first; a number: from that log index on */
  startAt: z.union([z.enum(['latest', 'earliest']), z.int().min(0)]).default('latest'),
  /** a pulled event that is not acknowledged in this time counts as a failed attempt */
  ackTimeoutMs: z.int().min(100).max(43_200_000).default(30_000),
  retry: retrySchema.default({ maxAttempts: 5, baseMs: 200, maxMs: 60_000 }),
});

export type SubscriptionInput = z.input<typeof subscriptionInputSchema>;
export type RetryPolicy = z.output<typeof retrySchema>;

/** As stored. */
export interface Subscription extends Omit<z.output<typeof subscriptionInputSchema>, 'id' | 'filter'> {
  readonly id: string;
  /** the module (or other principal) it belongs to */
  readonly module: string;
  readonly filter?: JsonObject;
  readonly status: 'active' | 'paused';
  /** ISO 8601 UTC */
  readonly createdAt: string;
  /** first log position it looks at */
  readonly from: number;
}

/** @throws EventError SUBSCRIPTION_INVALID */
export function parseSubscriptionInput(input: unknown): z.output<typeof subscriptionInputSchema> {
  const parsed = subscriptionInputSchema.safeParse(input);
  if (!parsed.success) throw new EventError({ code: 'SUBSCRIPTION_INVALID', ...describeIssues(parsed.error.issues) });
  compileFilter(parsed.data.filter);
  return parsed.data;
}

/** The test whether a subscription wants an event. Compile once per subscription. */
export function subscriptionMatcher(
  ledger: string,
  { topics, filter }: Pick<Subscription, 'topics' | 'filter'>,
): (event: DeliveredEvent) => boolean {
  const pattern = compileFilter(filter);
  const exact = new Set(topics.filter((topic) => !topic.endsWith('*')));
  const globs = topics.filter((topic) => topic.endsWith('*'));
  return (event) => {
    if (!exact.has(event.topic) && !globs.some((glob) => matchesGlob(glob, event.topic))) return false;
    return pattern === undefined || matchPattern(pattern, eventBridgeShape(ledger, event));
  };
}

function compileFilter(filter: unknown): Pattern | undefined {
  if (filter === undefined) return undefined;
  try {
    return parsePattern(filter);
  } catch (error) {
    if (!(error instanceof PatternError)) throw error;
    const problems = error.problems.map(({ pointer, detail }) => ({ pointer: `/filter${pointer}`, detail }));
    throw new EventError({ code: 'SUBSCRIPTION_INVALID', message: `filter: ${error.message}`, problems, cause: error });
  }
}
