/** What is published and delivered here, for tools that read AsyncAPI. */
import type { NervousSystem } from '../../core/system/index.ts';
import * as z from 'zod';
import { ASYNCAPI_VERSION, createAsyncApiDocument } from '../asyncapi.ts';
import { routesOn } from '../route.ts';

const route = routesOn<Pick<NervousSystem, 'config' | 'catalog'>>();

const getAsyncApi = route({
  method: 'GET',
  path: '/v1/asyncapi.json',
  operationId: 'getAsyncApi',
  tag: 'contracts',
  summary: 'The catalog as AsyncAPI 3',
  description: 'For generators and documentation tools.',
  responses: {
    200: {
      description: 'an AsyncAPI document',
      schema: z.looseObject({ asyncapi: z.literal(ASYNCAPI_VERSION) }).meta({ id: 'AsyncApi' }),
    },
  },
  problems: [],
  handler: async ({ config: { origin }, catalog: { topics } }) => ({
    status: 200,
    body: createAsyncApiDocument({ origin, topics }),
  }),
});

export const catalogRoutes = [getAsyncApi];
