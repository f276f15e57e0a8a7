/** The rules everybody is under, and votes that people lend each other. */
import type { NervousSystem } from '../../core/system/index.ts';
import * as z from 'zod';
import { bodyForCore, routesOn } from '../route.ts';
import { hash } from '../schemas/fields.ts';
import { delegationSchema, delegationsSchema, delegationViewSchema, policyViewSchema } from '../schemas/governance.ts';

const route = routesOn<Pick<NervousSystem, 'governing'>>();

const getPolicy = route({
  method: 'GET',
  path: '/v1/policy',
  operationId: 'getPolicy',
  tag: 'governance',
  summary: 'Roster and risk rules in force, since when, and who made them so',
  description: 'People only. They change by a change-set on `registry:policy`: an owner, risk and security, and a day.',
  responses: { 200: { description: 'the policy', schema: policyViewSchema } },
  problems: ['FORBIDDEN', 'POLICY_UNREADABLE'],
  handler: async (system, principal) => ({ status: 200, body: await system.governing.policy(principal) }),
});

const delegateVote = route({
  method: 'POST',
  path: '/v1/delegations',
  operationId: 'delegateVote',
  tag: 'governance',
  summary: 'Let another person cast your vote',
  description: 'For at most 30 days. It counts as your vote and uses up theirs; they cannot pass it on.',
  body: bodyForCore(delegationSchema),
  responses: { 201: { description: 'it stands', schema: delegationViewSchema } },
  problems: ['CHANGE_INVALID', 'AGENTS_CANNOT_DECIDE', 'DELEGATION_INVALID', 'IDEMPOTENCY_CONFLICT', 'CHANGE_BUSY'],
  handler: async (system, principal, { body, idempotencyKey }) => ({
    status: 201,
    body: await system.governing.delegate(principal, body, idempotencyKey),
  }),
});

const listDelegations = route({
  method: 'GET',
  path: '/v1/delegations',
  operationId: 'listDelegations',
  tag: 'governance',
  summary: 'The delegations you gave and were given, ended ones included',
  description: 'A vote is cast with a delegation by naming who lent it.',
  responses: { 200: { description: 'oldest first', schema: delegationsSchema } },
  problems: ['AGENTS_CANNOT_DECIDE'],
  handler: async (system, principal) => ({ status: 200, body: await system.governing.delegations(principal) }),
});

const endDelegation = route({
  method: 'DELETE',
  path: '/v1/delegations/{id}',
  operationId: 'endDelegation',
  tag: 'governance',
  summary: 'Take your vote back to yourself',
  description: 'Votes cast by it that no execution has begun on count no more. Idempotent.',
  params: z.strictObject({ id: hash }),
  responses: { 200: { description: 'it is over', schema: delegationViewSchema } },
  problems: ['AGENTS_CANNOT_DECIDE', 'DELEGATION_INVALID'],
  handler: async (system, principal, { params: { id } }) => ({
    status: 200,
    body: await system.governing.endDelegation(principal, id),
  }),
});

export const governanceRoutes = [getPolicy, delegateVote, listDelegations, endDelegation];
