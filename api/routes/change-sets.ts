/** Change-sets: proposed, looked at, revised, withdrawn, aborted. A GET never decides anything. */
import * as z from 'zod';
import { CHANGE_STATES } from '../../core/changes/index.ts';
import { bodyForCore, route } from '../route.ts';
import {
  abortSchema,
  changePageSchema,
  changeSchema,
  proposalSchema,
  proposedSchema,
  revisionSchema,
  withdrawSchema,
} from '../schemas/change-sets.ts';
import { changeId, entityId, wholeNumber } from '../schemas/fields.ts';

const params = z.strictObject({ id: changeId });

const proposeChangeSet = route({
  method: 'POST',
  path: '/v1/change-sets',
  operationId: 'proposeChangeSet',
  tag: 'change-sets',
  summary: 'Propose operations on an entity',
  description: 'With an Idempotency-Key the same proposal is made once, however often it is sent.',
  body: bodyForCore(proposalSchema),
  responses: {
    201: { description: 'proposed and assessed', schema: proposedSchema },
    200: { description: 'proposed before, under this idempotency key', schema: proposedSchema },
  },
  problems: ['CHANGE_INVALID', 'FORBIDDEN', 'STALE_BASE', 'RISK_BLOCKED', 'IDEMPOTENCY_CONFLICT', 'CHANGE_BUSY'],
  handler: async (system, principal, { body, idempotencyKey }) => {
    const proposed = await system.changes.propose(principal, body, idempotencyKey);
    if (proposed.kind === 'existing') return { status: 200, body: proposed };
    const location = `/v1/change-sets/${encodeURIComponent(proposed.change.id)}`;
    return { status: 201, headers: { location }, body: proposed };
  },
});

const listChangeSets = route({
  method: 'GET',
  path: '/v1/change-sets',
  operationId: 'listChangeSets',
  tag: 'change-sets',
  summary: 'Change-sets you may see; with for=me what you could decide on (the approval tray)',
  query: z.strictObject({
    status: z.enum(CHANGE_STATES).optional(),
    entity: entityId.optional(),
    for: z.literal('me').optional(),
    after: changeId.optional().meta({ description: '`next` of the page before' }),
    limit: wholeNumber({ min: 1, max: 100, default: 20 }),
  }),
  responses: { 200: { description: 'a page, oldest first', schema: changePageSchema } },
  problems: [],
  handler: async (system, principal, { query: { status, entity, for: decider, after, limit } }) => {
    const page = await system.changes.list(principal, {
      ...(status === undefined ? {} : { status }),
      ...(entity === undefined ? {} : { entityId: entity }),
      ...(decider === undefined ? {} : { for: principal }),
      ...(after === undefined ? {} : { after }),
      limit,
    });
    return { status: 200, body: page };
  },
});

const getChangeSet = route({
  method: 'GET',
  path: '/v1/change-sets/{id}',
  operationId: 'getChangeSet',
  tag: 'change-sets',
  summary: 'One change-set: what, why, how risky, who has decided, who still must',
  params,
  responses: { 200: { description: 'the change-set', schema: changeSchema } },
  problems: ['CHANGE_NOT_FOUND', 'FORBIDDEN'],
  handler: async (system, principal, { params: { id } }) => ({
    status: 200,
    body: await system.changes.get(principal, id),
  }),
});

const reviseChangeSet = route({
  method: 'POST',
  path: '/v1/change-sets/{id}/revisions',
  operationId: 'reviseChangeSet',
  tag: 'change-sets',
  summary: 'Replace the content; votes given so far are void',
  params,
  body: bodyForCore(revisionSchema),
  responses: { 200: { description: 'the change-set, assessed anew', schema: changeSchema } },
  problems: [
    'CHANGE_INVALID',
    'NOT_PROPOSER',
    'FORBIDDEN',
    'CHANGE_NOT_FOUND',
    'CHANGE_STATE_CONFLICT',
    'STALE_BASE',
    'RISK_BLOCKED',
    'CHANGE_BUSY',
  ],
  handler: async (system, principal, { params: { id }, body }) => ({
    status: 200,
    body: await system.changes.revise(principal, id, body),
  }),
});

const withdrawChangeSet = route({
  method: 'POST',
  path: '/v1/change-sets/{id}/withdraw',
  operationId: 'withdrawChangeSet',
  tag: 'change-sets',
  summary: 'Take a proposal back before it runs',
  params,
  body: bodyForCore(withdrawSchema, { optional: true }),
  responses: { 200: { description: 'the change-set, cancelled', schema: changeSchema } },
  problems: ['CHANGE_INVALID', 'NOT_PROPOSER', 'CHANGE_NOT_FOUND', 'CHANGE_STATE_CONFLICT', 'CHANGE_BUSY'],
  handler: async (system, principal, { params: { id }, body }) => ({
    status: 200,
    body: await system.changes.withdraw(principal, id, body),
  }),
});

const abortChangeSet = route({
  method: 'POST',
  path: '/v1/change-sets/{id}/abort',
  operationId: 'abortChangeSet',
  tag: 'change-sets',
  summary: 'Stop a change-set that is executing; what was applied is undone',
  params,
  body: bodyForCore(abortSchema),
  responses: { 200: { description: 'the change-set, rolling back', schema: changeSchema } },
  problems: [
    'CHANGE_INVALID',
    'AGENTS_CANNOT_DECIDE',
    'NOT_ELIGIBLE',
    'CHANGE_NOT_FOUND',
    'CHANGE_STATE_CONFLICT',
    'CHANGE_BUSY',
  ],
  handler: async (system, principal, { params: { id }, body }) => ({
    status: 200,
    body: await system.changes.abort(principal, id, body),
  }),
});

export const changeSetRoutes = [
  proposeChangeSet,
  listChangeSets,
  getChangeSet,
  reviseChangeSet,
  withdrawChangeSet,
  abortChangeSet,
];
