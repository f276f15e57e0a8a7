/** What people decide on change-sets: votes and their revocation, break-glass, its review, and the end of a failed rollback. */
import type { DecisionUseCases } from '../../core/changes/index.ts';
import * as z from 'zod';
import type { JsonValue } from '../../core/canonical/index.ts';
import { aboutOne } from '../access.ts';
import type { ErrorCode } from '../errors.ts';
import { bodyForCore, routesOn, type BodySpec, type Route } from '../route.ts';
import {
  actionResultSchema,
  decidedSchema,
  decisionSchema,
  overrideSchema,
  resolutionSchema,
  reviewSchema,
  revocationSchema,
} from '../schemas/change-sets.ts';
import { changeId } from '../schemas/fields.ts';

export interface Deciding {
  readonly changes: DecisionUseCases;
}

const route = routesOn<Deciding>();

const params = z.strictObject({ id: changeId });
/** What every act of a person on a change-set can meet. */
const MET_BY_ALL: readonly ErrorCode[] = [
  'CHANGE_INVALID',
  'AGENTS_CANNOT_DECIDE',
  'CHANGE_NOT_FOUND',
  'CHANGE_STATE_CONFLICT',
  'POLICY_CHANGED',
  'CHANGE_BUSY',
];

const decideChangeSet = route({
  method: 'POST',
  path: '/v1/change-sets/{id}/decisions',
  operationId: 'decideChangeSet',
  access: aboutOne,
  tag: 'change-sets',
  summary: 'Approve, reject or ask for changes of exactly what you looked at',
  description: 'Idempotent by `nonce`: the same decision again is answered with what was recorded.',
  params,
  body: bodyForCore(decisionSchema),
  responses: { 200: { description: 'the vote stands', schema: decidedSchema } },
  problems: [
    ...MET_BY_ALL,
    'SELF_APPROVAL',
    'NOT_ELIGIBLE',
    'ALREADY_VOTED',
    'DECISION_STALE',
    'DECISION_REPLAYED',
    'DECISION_EXPIRED',
    'ASSERTION_REQUIRED',
    'ASSERTION_INVALID',
    'RISK_BLOCKED',
  ],
  handler: async (system, principal, { params: { id }, body }) => ({
    status: 200,
    body: await system.changes.decide(principal, id, body),
  }),
});

const revokeVote = actionRoute('revoke', {
  operationId: 'revokeVote',
  summary: 'Take your own vote back before the change-set runs',
  description: 'An approval that rested on it is gone. With `vote` a repetition takes back no later vote.',
  body: bodyForCore(revocationSchema, { optional: true }),
  done: 'the vote stands no more',
  problems: ['NO_SUCH_VOTE', 'DECISION_EXPIRED'],
});

const overrideChangeSet = actionRoute('override', {
  operationId: 'overrideChangeSet',
  summary: 'Break-glass: approve alone what only soft rules hold up',
  description: 'Needs the right `overrides`. Runs at once and is to be reviewed by two other people within 24 hours.',
  body: bodyForCore(overrideSchema),
  done: 'approved',
  problems: [
    'OVERRIDE_REFUSED',
    'SELF_APPROVAL',
    'DECISION_STALE',
    'DECISION_REPLAYED',
    'DECISION_EXPIRED',
    'ASSERTION_REQUIRED',
    'ASSERTION_INVALID',
    'RISK_BLOCKED',
  ],
});

const reviewChangeSet = actionRoute('review', {
  operationId: 'reviewChangeSet',
  summary: 'Say whether what ran without the usual approval was justified',
  description: 'For people who may read the entity and had no part in it; two of them end it.',
  body: bodyForCore(reviewSchema),
  done: 'the review stands',
  problems: ['REVIEW_REFUSED', 'FORBIDDEN'],
});

const resolveChangeSet = actionRoute('resolve', {
  operationId: 'resolveChangeSet',
  summary: 'Say what became of a failed rollback; two people who agree end it',
  description: 'Then the document is what they said, and the entity is free again.',
  body: bodyForCore(resolutionSchema),
  done: 'the statement stands',
  problems: ['SELF_APPROVAL', 'NOT_ELIGIBLE'],
});

export const decisionRoutes = [decideChangeSet, revokeVote, overrideChangeSet, reviewChangeSet, resolveChangeSet];

interface ActionRoute extends Pick<Route, 'operationId' | 'summary' | 'problems'> {
  readonly description: string;
  readonly body: BodySpec<JsonValue>;
  readonly done: string;
}

/** The same act again by the same person is answered with what is recorded. */
function actionRoute(
  verb: 'revoke' | 'override' | 'review' | 'resolve',
  { done, problems, ...spec }: ActionRoute,
): Route<Deciding> {
  return route({
    ...spec,
    method: 'POST',
    path: `/v1/change-sets/{id}/${verb}`,
    access: aboutOne,
    tag: 'change-sets',
    params,
    responses: { 200: { description: done, schema: actionResultSchema } },
    problems: [...MET_BY_ALL, ...problems],
    handler: async (system, principal, { params: { id }, body }) => ({
      status: 200,
      body: await system.changes[verb](principal, id, body),
    }),
  });
}
