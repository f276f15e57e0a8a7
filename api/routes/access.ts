/** The access journal: who read what, and who was refused what. */
import type { NervousSystem } from '../../core/system/index.ts';
import { defined } from '../../core/values/index.ts';
import * as z from 'zod';
import { aboutList } from '../access.ts';
import { routesOn } from '../route.ts';
import { accessPageSchema } from '../schemas/access.ts';
import { entityId, feedCursor, moment, principalId, wholeNumber } from '../schemas/fields.ts';

const route = routesOn<Pick<NervousSystem, 'accesses'>>();

const listAccesses = route({
  method: 'GET',
  path: '/v1/access',
  operationId: 'listAccesses',
  access: aboutList('accesses'),
  tag: 'access',
  summary: 'Who read what, and who was refused what (auditors)',
  description:
    'Oldest first, as far as the policy has it journaled. Filters add up; go on with `cursor` until `isLast`. A page may be empty ' +
    'although there is more. Each page is journaled, too. `ledger` says where the entry stands, so that it can be proved.',
  query: z.strictObject({
    person: principalId.optional().meta({ description: 'a person, who answers for an agent, or the id of an account' }),
    entity: entityId.optional().meta({ description: 'also what could not name all entities' }),
    refused: z
      .enum(['true', 'false'])
      .transform((text) => text === 'true')
      .optional()
      .meta({ override: ({ jsonSchema }) => Object.assign(jsonSchema, { type: 'string', enum: ['true', 'false'] }) }),
    since: moment.optional(),
    until: moment.optional(),
    after: feedCursor.optional().meta({ description: '`cursor` of the page before; it goes before `since`' }),
    limit: wholeNumber({ min: 1, max: 500, default: 100 }),
  }),
  responses: { 200: { description: 'a page, oldest first', schema: accessPageSchema } },
  problems: ['FORBIDDEN', 'CURSOR_INVALID', 'CURSOR_GONE'],
  handler: async (system, principal, { query: { limit, ...filter } }) => ({
    status: 200,
    body: await system.accesses(principal, { limit, ...defined(filter) }),
  }),
});

export const accessRoutes = [listAccesses];
