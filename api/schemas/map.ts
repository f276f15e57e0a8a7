/** The map of a ledger, as core/system draws it. */
import * as z from 'zod';
import type { MapReport } from '../../core/system/index.ts';
import { count, hash } from './fields.ts';

const names = z.array(z.string());
const edge = { party: z.string(), topic: z.string(), declared: z.boolean() };

export const mapSchema: z.ZodType<MapReport> = z
  .strictObject({
    ledger: z.string(),
    origin: z.string(),
    observed: z
      .strictObject({ from: count, to: count })
      .meta({ description: 'log positions looked at for traffic: from ≤ position < to' }),
    parties: z.array(
      z.strictObject({
        id: z.string(),
        kind: z.enum(['person', 'agent', 'module', 'service', 'ingress', 'outside']),
      }),
    ),
    topics: z.array(z.strictObject({ topic: z.string(), versions: z.array(count) })),
    publishes: z.array(z.strictObject({ ...edge, events: count })),
    subscribes: z.array(z.strictObject({ ...edge, subscriptions: names })),
    loops: z.array(
      z.strictObject({ level: z.enum(['running', 'wired', 'possible']), parties: names, topics: names, path: names }),
    ),
    orphans: z.strictObject({ unpublished: names, unsubscribed: names }),
    unused: z.array(z.strictObject({ subscription: z.string(), party: z.string(), reason: z.string() })),
    hash: hash.meta({ description: 'over the canonical JSON of all the rest: the same map, the same hash' }),
  })
  .meta({ id: 'Map' });
