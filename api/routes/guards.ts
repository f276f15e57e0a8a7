/** Protection: which topics are stopped, and opening them. */
import type { NervousSystem } from '../../core/system/index.ts';
import * as z from 'zod';
import { eventInputSchema } from '../../core/events/index.ts';
import { checkedBody, routesOn } from '../route.ts';
import { guardListSchema, guardStateSchema } from '../schemas/guards.ts';

const route = routesOn<Pick<NervousSystem, 'guards'>>();

const listGuards = route({
  method: 'GET',
  path: '/v1/guards',
  operationId: 'listGuards',
  tag: 'protection',
  summary: 'Topics and whether protection stopped them',
  description: 'The topics you may publish or subscribe to; all of them for auditors, security and operators.',
  responses: { 200: { description: 'by topic', schema: guardListSchema } },
  problems: ['STORE_UNAVAILABLE'],
  handler: async (system, principal) => ({ status: 200, body: { guards: await system.guards.list(principal) } }),
});

const resetGuard = route({
  method: 'POST',
  path: '/v1/guards/{topic}/reset',
  operationId: 'resetGuard',
  tag: 'protection',
  summary: 'Open a stopped topic (auditors, security)',
  description:
    'Recorded as `system.topic_reset`. A topic that is not stopped is left as it is, and nothing is recorded.',
  params: z.strictObject({ topic: eventInputSchema.shape.topic }),
  body: checkedBody(
    z
      .strictObject({
        reason: z.string().min(1).max(500).optional().meta({ description: 'what was found, and why it is safe now' }),
      })
      .meta({ examples: [{ reason: 'the importer was sent twice; its second run is stopped' }] }),
    { optional: true },
  ),
  responses: { 200: { description: 'as it is now', schema: guardStateSchema } },
  problems: ['FORBIDDEN', 'TOPIC_UNKNOWN', 'LEDGER_BUSY', 'STORE_UNAVAILABLE'],
  handler: async (system, principal, { params: { topic }, body: { reason = 'no reason given' } }) => ({
    status: 200,
    body: await system.guards.reset(principal, topic, reason),
  }),
});

export const guardRoutes = [listGuards, resetGuard];
