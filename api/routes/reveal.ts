/** Seeing what was recorded in confidence. */
import type { NervousSystem } from '../../core/system/index.ts';
import * as z from 'zod';
import { aboutEntity } from '../access.ts';
import { checkedBody, routesOn } from '../route.ts';
import { entityId } from '../schemas/fields.ts';
import { revealedSchema, revealInputSchema } from '../schemas/reveal.ts';

const route = routesOn<Pick<NervousSystem, 'reveal'>>();

const revealFields = route({
  method: 'POST',
  path: '/v1/entities/{id}/reveal',
  operationId: 'revealFields',
  access: aboutEntity,
  tag: 'entities',
  summary: 'What the confidential fields of an entry hold',
  description:
    'POST, because it is journaled: an entry of type `revealed` on the same chain says who saw which fields.',
  params: z.strictObject({ id: entityId }),
  body: checkedBody(revealInputSchema),
  responses: { 200: { description: 'the fields; those that were erased say so', schema: revealedSchema } },
  problems: ['EVENT_NOT_FOUND', 'FORBIDDEN', 'FIELD_DAMAGED'],
  handler: async (system, principal, { params: { id }, body: { seq } }) => ({
    status: 200,
    body: await system.reveal(principal, id, seq),
  }),
});

export const revealRoutes = [revealFields];
