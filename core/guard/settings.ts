/**
 * The section `protection` of nervous.config.ts: how much is too much. On without being asked for: people's rates, budgets,
 * storms at 100 events a second on a topic, the hop limit. Who publishes more says so for the topic (docs/adr/0021).
 */
import * as z from 'zod';
import { budgetsSchema } from './budgets.ts';
import { MAX_HOPS } from './loop.ts';
import type { Rate } from './token-bucket.ts';
import { SECONDS_PER_MINUTE } from '../values/index.ts';

const SESSION_EVENTS_PER_MINUTE = 100;
const SUBSCRIPTIONS_PER_PRINCIPAL = 100;
const STORM_EVENTS_PER_SECOND = 100;

/** A million a second: more than any engine takes. */
const MAX_PER_SECOND = 1_000_000;
const MAX_SECONDS = 30 * 86_400;

const rateSchema = z
  .strictObject({
    perMinute: z
      .int()
      .min(1)
      .max(MAX_PER_SECOND * SECONDS_PER_MINUTE),
    /** how many at once; default: a minute's worth */
    burst: z
      .int()
      .min(1)
      .max(MAX_PER_SECOND * SECONDS_PER_MINUTE)
      .optional(),
  })
  .transform(({ perMinute, burst = perMinute }): Rate => ({ perMinute, burst }));
const seconds = z.int().min(1).max(MAX_SECONDS);
const calm = z.union([z.int().min(1).max(MAX_PER_SECOND), z.literal('unlimited')]);

export const protectionSchema = z
  .strictObject({
    /** events that one publisher may publish */
    rates: z
      .strictObject({
        /** each person and each agent */
        sessions: z.union([rateSchema, z.literal('unlimited')]).prefault({ perMinute: SESSION_EVENTS_PER_MINUTE }),
        /** module id → its rate; one that is not listed has none */
        modules: z.record(z.string(), rateSchema).default({}),
      })
      .prefault({}),
    /** requests of every other kind that one principal may make: writes, and heavy reads */
    budgets: budgetsSchema,
    /** subscriptions that one principal may have: each has a mailbox and a place in memory */
    subscriptionsPerPrincipal: z.int().min(1).max(100_000).default(SUBSCRIPTIONS_PER_PRINCIPAL),
    storm: z
      .strictObject({
        /** events on a topic in one second of the server's clock */
        perSecond: calm.default(STORM_EVENTS_PER_SECOND),
        /** topics made for more, or for less */
        topics: z.record(z.string(), calm).default({}),
        /** a stopped topic opens by itself after this; absent: somebody has to look first */
        resetAfterSeconds: seconds.optional(),
      })
      .prefault({}),
    loop: z
      .strictObject({
        maxHops: z.int().min(1).max(1_000).default(MAX_HOPS),
        /** absent: correlations are not counted */
        reentries: z.int().min(1).max(1_000_000).optional(),
        windowSeconds: z.int().min(1).max(3_600).default(60),
        /** a stopped correlation is forgotten after this */
        resetAfterSeconds: seconds.default(3_600),
      })
      .prefault({}),
  })
  .prefault({});

export type Protection = z.output<typeof protectionSchema>;

/** Names that nothing answers to, as the configuration's faults. */
export function protectionProblems(
  { rates, storm }: Protection,
  known: { readonly modules: object; readonly topics: object },
): { readonly path: string[]; readonly message: string }[] {
  const unknown = (names: object, among: object): string[] =>
    Object.keys(names).filter((name) => !Object.hasOwn(among, name));
  return [
    ...unknown(rates.modules, known.modules).map((module) => ({
      path: ['protection', 'rates', 'modules', module],
      message: `module "${module}" is not declared in modules`,
    })),
    ...unknown(storm.topics, known.topics).map((topic) => ({
      path: ['protection', 'storm', 'topics', topic],
      message: `topic "${topic}" is not declared in topics`,
    })),
  ];
}

/** The most events per second on a topic that are calm; undefined: as many as come. */
export function stormLimit({ storm }: Protection, topic: string): number | undefined {
  const own = Object.hasOwn(storm.topics, topic) ? storm.topics[topic] : storm.perSecond;
  return own === 'unlimited' ? undefined : own;
}
