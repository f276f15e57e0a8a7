/** The routes of change-sets: propose, read, revise, withdraw, abort, revert. A GET never decides anything. */
import type { ProposalUseCases, QueryUseCases } from '../../core/changes/index.ts';
import * as z from 'zod';
import { CHANGE_STATES, RISK_LEVELS, type ProposeResult } from '../../core/changes/index.ts';
import { defined } from '../../core/values/index.ts';
import { aboutBody, aboutChanges, aboutOne } from '../access.ts';
import type { ErrorCode } from '../errors.ts';
import { ifDocument } from '../if-match.ts';
import { bodyForCore, routesOn } from '../route.ts';
import {
  abortSchema,
  changePageSchema,
  changeSchema,
  dryRunSchema,
  proposalSchema,
  proposedSchema,
  revertSchema,
  revisionSchema,
  withdrawSchema,
} from '../schemas/change-sets.ts';
import { changeId, entityId, instant, principalId, wholeNumber } from '../schemas/fields.ts';

const route = routesOn<{ readonly changes: ProposalUseCases & QueryUseCases }>();

const params = z.strictObject({ id: changeId });
/** What every proposal can meet. */
const PROPOSING: readonly ErrorCode[] = [
  'CHANGE_INVALID',
  'CHANGE_UNFIT',
  'FORBIDDEN',
  'STALE_BASE',
  'RISK_BLOCKED',
  'IDEMPOTENCY_CONFLICT',
  'CHANGE_BUSY',
  'TOO_MANY_OPEN',
];

const proposeChangeSet = route({
  method: 'POST',
  path: '/v1/change-sets',
  operationId: 'proposeChangeSet',
  access: aboutBody,
  tag: 'change-sets',
  summary: 'Propose operations on an entity',
  description:
    'With an Idempotency-Key the same proposal is made once, however often it is sent. With If-Match (the ETag of the entity) it is ' +
    'refused with 412 if the document is another than the one that it was made from.',
  body: bodyForCore(proposalSchema),
  responses: {
    201: { description: 'proposed and assessed', schema: proposedSchema },
    200: { description: 'proposed before, under this idempotency key', schema: proposedSchema },
  },
  problems: [...PROPOSING, 'DOCUMENT_CHANGED', 'FENCE_STALE'],
  conditional: 'optional',
  handler: async (system, principal, { body, idempotencyKey, request: { headers } }) =>
    asProposed(await system.changes.propose(principal, body, idempotencyKey, ifDocument(headers))),
});

const assessChangeSet = route({
  method: 'POST',
  path: '/v1/change-sets/assess',
  operationId: 'assessChangeSet',
  access: aboutBody,
  tag: 'change-sets',
  summary: 'Dry run: how risky a proposal would be and why, who would have to approve, what would change',
  description: 'Takes what POST /v1/change-sets takes, and records nothing.',
  body: bodyForCore(proposalSchema),
  responses: { 200: { description: 'the assessment', schema: dryRunSchema } },
  problems: ['CHANGE_INVALID', 'CHANGE_UNFIT', 'FORBIDDEN', 'STALE_BASE', 'RISK_BLOCKED'],
  handler: async (system, principal, { body }) => ({
    status: 200,
    body: await system.changes.assess(principal, body),
  }),
});

const listChangeSets = route({
  method: 'GET',
  path: '/v1/change-sets',
  operationId: 'listChangeSets',
  access: aboutChanges,
  tag: 'change-sets',
  summary: 'Change-sets you may see; with for=me what you could decide on (the approval inbox)',
  description: 'Oldest first. Filters add up; go on with `after`. A page may be empty although there is more.',
  query: z.strictObject({
    status: z.enum(CHANGE_STATES).optional(),
    entity: entityId.optional(),
    person: principalId.optional().meta({
      description: 'a person, agent or module: proposed by it, answered for by it, or decided on by it',
    }),
    level: z.enum(RISK_LEVELS).optional(),
    from: instant.optional().meta({ description: 'proposed then or later' }),
    to: instant.optional().meta({ description: 'proposed before then' }),
    for: z.literal('me').optional(),
    review: z.literal('due').optional().meta({ description: 'what ran without the usual approval and you may review' }),
    after: changeId.optional().meta({ description: '`next` of the page before' }),
    limit: wholeNumber({ min: 1, max: 100, default: 20 }),
  }),
  responses: { 200: { description: 'a page, oldest first', schema: changePageSchema } },
  problems: [],
  handler: async (system, principal, { query: { status, entity, for: decider, review, after, limit, ...filters } }) => {
    const page = await system.changes.list(principal, {
      ...defined({ status, entityId: entity, for: decider }),
      ...(review === undefined ? {} : { review: principal }),
      ...defined({ after }),
      ...given(filters),
      limit,
    });
    return { status: 200, body: page };
  },
});

const getChangeSet = route({
  method: 'GET',
  path: '/v1/change-sets/{id}',
  operationId: 'getChangeSet',
  access: aboutOne,
  tag: 'change-sets',
  summary: 'One change-set: what, why, how risky, who has decided, who still must',
  description:
    'Contains the hashes that a decision has to name, so that nobody decides about what they were not shown.',
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
  access: aboutOne,
  tag: 'change-sets',
  summary: 'Replace the content; votes given so far are void',
  description:
    'It is assessed again, and whoever revised it does not decide. With If-Match (the ETag of the entity) it is refused with 412 if the ' +
    'document is another than the one that the revision was made from.',
  params,
  body: bodyForCore(revisionSchema),
  responses: { 200: { description: 'the change-set, assessed anew', schema: changeSchema } },
  problems: [
    'CHANGE_INVALID',
    'CHANGE_UNFIT',
    'NOT_PROPOSER',
    'FORBIDDEN',
    'CHANGE_NOT_FOUND',
    'CHANGE_STATE_CONFLICT',
    'STALE_BASE',
    'RISK_BLOCKED',
    'IDEMPOTENCY_CONFLICT',
    'CHANGE_BUSY',
    'DOCUMENT_CHANGED',
    'FENCE_STALE',
  ],
  conditional: 'optional',
  handler: async (system, principal, { params: { id }, body, idempotencyKey, request: { headers } }) => ({
    status: 200,
    body: await system.changes.revise(principal, id, body, { idempotencyKey, isExpected: ifDocument(headers) }),
  }),
});

const withdrawChangeSet = route({
  method: 'POST',
  path: '/v1/change-sets/{id}/withdraw',
  operationId: 'withdrawChangeSet',
  access: aboutOne,
  tag: 'change-sets',
  summary: 'Take a proposal back before it runs',
  description: 'What is executing can be aborted instead.',
  params,
  body: bodyForCore(withdrawSchema, { optional: true }),
  responses: { 200: { description: 'the change-set, cancelled', schema: changeSchema } },
  problems: [
    'CHANGE_INVALID',
    'NOT_PROPOSER',
    'CHANGE_NOT_FOUND',
    'CHANGE_STATE_CONFLICT',
    'IDEMPOTENCY_CONFLICT',
    'CHANGE_BUSY',
  ],
  handler: async (system, principal, { params: { id }, body, idempotencyKey }) => ({
    status: 200,
    body: await system.changes.withdraw(principal, id, body, idempotencyKey),
  }),
});

const abortChangeSet = route({
  method: 'POST',
  path: '/v1/change-sets/{id}/abort',
  operationId: 'abortChangeSet',
  access: aboutOne,
  tag: 'change-sets',
  summary: 'Stop a change-set that is executing; what was applied is undone',
  description: 'For people who hold a role that it needed. What was applied is undone in reverse order.',
  params,
  body: bodyForCore(abortSchema),
  responses: { 200: { description: 'the change-set, rolling back', schema: changeSchema } },
  problems: [
    'CHANGE_INVALID',
    'AGENTS_CANNOT_DECIDE',
    'NOT_ELIGIBLE',
    'CHANGE_NOT_FOUND',
    'CHANGE_STATE_CONFLICT',
    'IDEMPOTENCY_CONFLICT',
    'CHANGE_BUSY',
  ],
  handler: async (system, principal, { params: { id }, body, idempotencyKey }) => ({
    status: 200,
    body: await system.changes.abort(principal, id, body, idempotencyKey),
  }),
});

const revertChangeSet = route({
  method: 'POST',
  path: '/v1/change-sets/{id}/revert',
  operationId: 'revertChangeSet',
  access: aboutOne,
  tag: 'change-sets',
  summary: 'Propose, as a new change-set, to take an executed one back',
  description: 'Touches only what the old one changed. With an Idempotency-Key it is proposed once.',
  params,
  body: bodyForCore(revertSchema),
  responses: {
    201: { description: 'proposed and assessed', schema: proposedSchema },
    200: { description: 'proposed before, under this idempotency key', schema: proposedSchema },
  },
  problems: [...PROPOSING, 'CHANGE_NOT_FOUND', 'NOT_REVERTIBLE'],
  handler: async (system, principal, { params: { id }, body, idempotencyKey }) =>
    asProposed(await system.changes.revert(principal, id, body, idempotencyKey)),
});

export const changeSetRoutes = [
  proposeChangeSet,
  assessChangeSet,
  listChangeSets,
  getChangeSet,
  reviseChangeSet,
  withdrawChangeSet,
  abortChangeSet,
  revertChangeSet,
];

function asProposed(body: ProposeResult) {
  if (body.kind === 'existing') return { status: 200 as const, body };
  const location = `/v1/change-sets/${encodeURIComponent(body.change.id)}`;
  return { status: 201 as const, headers: { location }, body };
}

/** Without what was left out. */
function given<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
