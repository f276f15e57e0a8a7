/** One event's trace. */
import type { NervousSystem } from '../../core/system/index.ts';
import * as z from 'zod';
import { aboutOne } from '../access.ts';
import { routesOn } from '../route.ts';
import { eventTraceSchema } from '../schemas/events.ts';
import { eventId, eventSource } from '../schemas/fields.ts';

const route = routesOn<Pick<NervousSystem, 'trace'>>();

const traceEvent = route({
  method: 'GET',
  path: '/v1/events/{id}',
  operationId: 'traceEvent',
  access: aboutOne,
  tag: 'events',
  summary: 'One event with its deliveries',
  description:
    'Shows who published it, its place in the ledger, and what became of it at each subscription that the caller may see.',
  params: z.strictObject({ id: eventId }),
  query: z.strictObject({
    source: eventSource.optional().meta({ description: 'who published it, when several sources use the id' }),
  }),
  responses: { 200: { description: 'the event', schema: eventTraceSchema } },
  problems: ['EVENT_NOT_FOUND', 'EVENT_AMBIGUOUS', 'FORBIDDEN'],
  handler: async (system, principal, { params, query }) => ({
    status: 200,
    body: await system.trace(principal, params.id, query.source),
  }),
});

export const eventRoutes = [traceEvent];
