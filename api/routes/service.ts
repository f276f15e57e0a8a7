/** What the service tells about itself and its catalog. */
import { catalogEntries, MAX_EVENTS_PER_PUBLISH } from '../../core/events/index.ts';
import { MAX_NOTE_BYTES } from '../../core/ledger/index.ts';
import type { NervousSystem } from '../../core/system/index.ts';
import { MAX_BODY_BYTES } from '../read-body.ts';
import { openRoute, routesOn, type Route } from '../route.ts';
import { MAX_WAIT_SECONDS } from '../schemas/fields.ts';
import {
  capabilitiesSchema,
  catalogSchema,
  dependenciesSchema,
  healthSchema,
  stateSchema,
} from '../schemas/service.ts';

const route = routesOn<Pick<NervousSystem, 'monitor' | 'validate' | 'policy' | 'catalog'>>();
const describingRoute = routesOn<Pick<NervousSystem, 'config'>>();

const getHealth = openRoute({
  method: 'GET',
  path: '/health',
  operationId: 'getHealth',
  tag: 'service',
  summary: 'Is the process up?',
  description: 'Says nothing about what it rests on: see `/dependencies`.',
  responses: { 200: { description: 'yes', schema: healthSchema } },
  problems: [],
  handler: async () => ({ status: 200, body: { status: 'ok' } as const }),
});

const getState = route({
  method: 'GET',
  path: '/state',
  operationId: 'getState',
  tag: 'service',
  summary: 'How it is doing: counts, times, subscriptions, approval queue',
  description: 'Counted with the writes, so it costs the same however much there is.',
  responses: { 200: { description: 'the state', schema: stateSchema } },
  problems: [],
  handler: async (system, principal) => {
    const state = await system.monitor();
    const { policy } = system;
    const maySeeAll = (module: string): boolean =>
      module === principal.id || policy.isAuditor(principal) || policy.isOperator(principal);
    return {
      status: 200,
      body: { ...state, subscriptions: state.subscriptions.filter(({ module }) => maySeeAll(module)) },
    };
  },
});

const getDependencies = route({
  method: 'GET',
  path: '/dependencies',
  operationId: 'getDependencies',
  tag: 'service',
  summary: 'Does everything it rests on work: configuration, keys, clock, store?',
  description: 'One line per dependency, with what to do when it does not work.',
  responses: {
    200: { description: 'everything works', schema: dependenciesSchema },
    503: { description: 'something does not', schema: dependenciesSchema },
  },
  problems: [],
  handler: async (system) => {
    const report = await system.validate();
    return { status: report.ok ? 200 : 503, body: report };
  },
});

const getCatalog = route({
  method: 'GET',
  path: '/v1/catalog',
  operationId: 'getCatalog',
  tag: 'contracts',
  summary: 'Topics with their versions and payload schemas',
  description: 'Each schema as JSON Schema 2020-12.',
  responses: { 200: { description: 'the catalog', schema: catalogSchema } },
  problems: [],
  handler: async (system) => ({ status: 200, body: { topics: catalogEntries(system.catalog.topics) } }),
});

export const serviceRoutes = [getHealth, getState, getDependencies, getCatalog];

/** The routes that describe the table they stand in. @param operations read when a request comes, so they may include these */
export function contractRoutes(
  operations: () => string[],
  openApi: () => object,
): readonly Route<Pick<NervousSystem, 'config'>>[] {
  return [
    describingRoute({
      method: 'GET',
      path: '/capabilities',
      operationId: 'getCapabilities',
      tag: 'service',
      summary: 'What this service offers, and its limits',
      description: 'What a client may rely on without trying.',
      responses: { 200: { description: 'the capabilities', schema: capabilitiesSchema } },
      problems: [],
      handler: async ({ config }) => ({
        status: 200,
        body: {
          service: 'nervous-system',
          ledger: config.ledger,
          origin: config.origin,
          topics: Object.keys(config.topics),
          operations: operations(),
          limits: {
            bodyBytes: MAX_BODY_BYTES,
            eventBytes: MAX_NOTE_BYTES,
            eventsPerRequest: MAX_EVENTS_PER_PUBLISH,
            waitSeconds: MAX_WAIT_SECONDS,
          },
        } as const,
      }),
    }),
    openRoute({
      method: 'GET',
      path: '/v1/openapi.json',
      operationId: 'getOpenApi',
      tag: 'contracts',
      summary: 'This API as OpenAPI 3.1',
      description: 'For generators and documentation tools. Made from the route table that answers requests.',
      responses: { 200: { description: 'an OpenAPI document' } },
      problems: [],
      handler: async () => ({ status: 200, body: openApi() }),
    }),
  ];
}
