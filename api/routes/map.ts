/** The map: who publishes and subscribes to what. */
import type { NervousSystem } from '../../core/system/index.ts';
import * as z from 'zod';
import { MAX_OBSERVED } from '../../core/system/index.ts';
import { routesOn } from '../route.ts';
import { wholeNumber } from '../schemas/fields.ts';
import { mapSchema } from '../schemas/map.ts';

const route = routesOn<Pick<NervousSystem, 'map'>>();

const DEFAULT_OBSERVED = 1_000;

const getMap = route({
  method: 'GET',
  path: '/v1/map',
  operationId: 'getMap',
  tag: 'contracts',
  summary: 'Publishers, topics, subscriptions, and the circles they make',
  description: 'For who may read everything (`reads: ["*"]`, auditors).',
  query: z.strictObject({
    observe: wholeNumber({ min: 0, max: MAX_OBSERVED, default: DEFAULT_OBSERVED }).meta({
      description: 'newest entries of the log looked at for traffic',
    }),
  }),
  responses: { 200: { description: 'the map', schema: mapSchema } },
  problems: ['FORBIDDEN'],
  handler: async (system, principal, { query }) => ({ status: 200, body: await system.map(principal, query) }),
});

export const mapRoutes = [getMap];
