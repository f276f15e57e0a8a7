/** What the service tells about itself. */
import * as z from 'zod';
import type { CatalogEntry, SubscriptionStats } from '../../core/events/index.ts';
import { USE_CASES, type MonitorReport, type UseCaseName, type ValidationReport } from '../../core/system/index.ts';
import { count, principalId, subscriptionId } from './fields.ts';

const USE_CASE_NAMES = Object.keys(USE_CASES) as [UseCaseName, ...UseCaseName[]];
const quantiles = { p50: z.number().min(0), p95: z.number().min(0) };
const alarm = z.strictObject({ raised: z.boolean(), detail: z.string() });
/** `refused` by a rule, and told which; `failed` by a fault of ours */
const outcomes = { succeeded: count, refused: count, failed: count };
const waiting = { length: count, oldestAgeMs: z.number().min(0) };

export const healthSchema = z.strictObject({ status: z.literal('ok') }).meta({ id: 'Health' });

export const capabilitiesSchema = z
  .strictObject({
    service: z.literal('nervous-system'),
    ledger: z.string(),
    origin: z.string(),
    topics: z.array(z.string()),
    operations: z.array(z.string()).meta({ description: 'operationIds of this API, see /v1/openapi.json' }),
    limits: z.strictObject({ bodyBytes: count, eventBytes: count, eventsPerRequest: count, waitSeconds: count }),
  })
  .meta({ id: 'Capabilities' });
export type Capabilities = z.output<typeof capabilitiesSchema>;

const subscriptionStatsSchema: z.ZodType<SubscriptionStats> = z
  .strictObject({
    subscription: subscriptionId,
    module: principalId,
    delivered: count,
    failed: count,
    backlog: count,
    inFlight: count,
    retrying: count,
    deadLetters: count,
    breaker: z
      .enum(['closed', 'open', 'half-open'])
      .exactOptional()
      .meta({ description: 'open: events are held back' }),
    latencyMs: z
      .strictObject({ p50: z.number().min(0), p95: z.number().min(0) })
      .exactOptional()
      .meta({ description: 'from recorded to acknowledged, of the newest deliveries' }),
  })
  .meta({ id: 'SubscriptionStats' });

export const stateSchema: z.ZodType<MonitorReport> = z
  .strictObject({
    ledger: z.string(),
    origin: z.string(),
    entries: count,
    countedSince: z.iso.datetime().brand<'IsoInstant'>().meta({
      description:
        'operations and published are counted from then on: the start of the engine; on AWS the beginning of the year',
    }),
    operations: z.strictObject({
      ...outcomes,
      total: count,
      successRate: z.number().min(0).max(1).meta({ description: 'done, of all that was asked for' }),
      byUseCase: z.partialRecord(z.enum(USE_CASE_NAMES), z.strictObject(outcomes)),
    }),
    responseTimeMs: z.strictObject(quantiles),
    messageLatencyMs: z
      .strictObject(quantiles)
      .exactOptional()
      .meta({ description: 'from recorded to acknowledged, of the slowest subscription' }),
    systemThroughput: z
      .strictObject({ operationsPerSecond: z.number().min(0), eventsPerSecond: z.number().min(0) })
      .meta({ description: 'of the last minute; on AWS of the last five minutes that are known' }),
    connectionHealth: z
      .strictObject({
        ok: z.boolean(),
        openBreakers: count,
        connections: z.strictObject({ open: count, limit: count }).exactOptional(),
      })
      .meta({ description: 'ok: no breaker is open, and a connection is free' }),
    alarms: z.strictObject({ error_rate_high: alarm, performance_degraded: alarm }),
    published: z.strictObject({ accepted: count, duplicate: count, rejected: count }),
    subscriptions: z.array(subscriptionStatsSchema).meta({ description: 'your own; all for auditors and operators' }),
    approvalQueue: z.strictObject({
      ...waiting,
      escalated: count,
      reminders: count,
      byLevel: z.record(z.string(), z.strictObject(waiting)),
    }),
    reviewQueue: z
      .strictObject({ length: count, overdue: count })
      .meta({ description: 'change-sets that ran without the usual approval and wait to be looked at' }),
    streams: count.exactOptional().meta({ description: 'streams of the feed that are open now' }),
    guard: z
      .strictObject({ rateLimited: count, refused: count, stormsDetected: count, loopsDetected: count, resets: count })
      .exactOptional()
      .meta({ description: 'what protection did since the start' }),
  })
  .meta({ id: 'State' });

export const dependenciesSchema: z.ZodType<ValidationReport> = z
  .strictObject({
    ok: z.boolean(),
    performanceCheck: z
      .strictObject({ ok: z.boolean(), detail: z.string() })
      .meta({ description: 'the alarm performance_degraded; no reason to take it out of service' }),
    checks: z.array(z.strictObject({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  })
  .meta({ id: 'Dependencies' });

export interface CatalogView {
  readonly topics: readonly CatalogEntry[];
}
export const catalogSchema: z.ZodType<CatalogView> = z
  .strictObject({
    topics: z.array(
      z.strictObject({
        topic: z.string(),
        version: z.int().min(1),
        description: z.string(),
        latest: z.boolean(),
        schema: z.unknown().meta({ description: 'JSON Schema 2020-12 of the payload' }),
      }),
    ),
  })
  .meta({ id: 'Catalog' });
