/** What came in from outside and could not be taken. */
import type { NervousSystem } from '../../core/system/index.ts';
import { defined } from '../../core/values/index.ts';
import * as z from 'zod';
import { aboutList } from '../access.ts';
import { routesOn } from '../route.ts';
import { wholeNumber } from '../schemas/fields.ts';
import { quarantinePageSchema } from '../schemas/ingress.ts';

const route = routesOn<Pick<NervousSystem, 'quarantined'>>();

const listQuarantine = route({
  method: 'GET',
  path: '/v1/quarantine',
  operationId: 'listQuarantine',
  access: aboutList('events'),
  tag: 'ingress',
  summary: 'Events that arrived and could not be taken, with the reason (auditors)',
  description: 'What is here was not recorded as an event; its sender has to correct it and send it again.',
  query: z.strictObject({
    after: z
      .string()
      .regex(/^[0-9a-f]{64}$/, 'must be `next` of the page before')
      .optional()
      .meta({ description: '`next` of the page before' }),
    limit: wholeNumber({ min: 1, max: 100, default: 50 }),
  }),
  responses: { 200: { description: 'a page by id', schema: quarantinePageSchema } },
  problems: ['FORBIDDEN'],
  handler: async (system, principal, { query: { after, limit } }) => {
    const events = await system.quarantined(principal, { limit, ...defined({ after }) });
    const last = events.length < limit ? undefined : events.at(-1);
    return { status: 200, body: { events, ...(last === undefined ? {} : { next: last.id }) } };
  },
});

export const ingressRoutes = [listQuarantine];
