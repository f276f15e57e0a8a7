/** Decisions of people on change-sets: the one place where a change gets its approval. */
import * as z from 'zod';
import { bodyForCore, route } from '../route.ts';
import { decidedSchema, decisionSchema } from '../schemas/change-sets.ts';
import { changeId } from '../schemas/fields.ts';

const params = z.strictObject({ id: changeId });

const decideChangeSet = route({
  method: 'POST',
  path: '/v1/change-sets/{id}/decisions',
  operationId: 'decideChangeSet',
  tag: 'change-sets',
  summary: 'Approve or reject exactly what you looked at',
  description: 'Idempotent by `nonce`: the same decision again is answered with what was recorded.',
  params,
  body: bodyForCore(decisionSchema),
  responses: { 200: { description: 'the vote stands', schema: decidedSchema } },
  problems: [
    'CHANGE_INVALID',
    'AGENTS_CANNOT_DECIDE',
    'SELF_APPROVAL',
    'NOT_ELIGIBLE',
    'CHANGE_NOT_FOUND',
    'ALREADY_VOTED',
    'DECISION_STALE',
    'DECISION_REPLAYED',
    'DECISION_EXPIRED',
    'CHANGE_STATE_CONFLICT',
    'RISK_BLOCKED',
    'CHANGE_BUSY',
  ],
  handler: async (system, principal, { params: { id }, body }) => ({
    status: 200,
    body: await system.changes.decide(principal, id, body),
  }),
});

export const decisionRoutes = [decideChangeSet];
