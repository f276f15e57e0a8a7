/** Subscriptions: made, listed, paused, resumed and removed at runtime. */
import { subscriptionTag, type Subscription } from '../../core/events/index.ts';
import type { NervousSystem } from '../../core/system/index.ts';
import { ifMatch } from '../if-match.ts';
import * as z from 'zod';
import { bodyForCore, routesOn } from '../route.ts';
import { subscriptionId } from '../schemas/fields.ts';
import {
  newSubscriptionSchema,
  subscriptionListSchema,
  subscriptionPatchSchema,
  subscriptionSchema,
} from '../schemas/subscriptions.ts';

const route = routesOn<Pick<NervousSystem, 'subscriptions'>>();

const params = z.strictObject({ id: subscriptionId });

const createSubscription = route({
  method: 'POST',
  path: '/v1/subscriptions',
  operationId: 'createSubscription',
  tag: 'subscriptions',
  summary: 'Subscribe to topics',
  description:
    'Idempotent by `id`: the same id and settings again answer the existing subscription. Without an id every call makes a new one, but with the same Idempotency-Key the same.',
  body: bodyForCore(newSubscriptionSchema),
  responses: { 201: { description: 'the subscription', schema: subscriptionSchema } },
  problems: ['SUBSCRIPTION_INVALID', 'SUBSCRIPTION_EXISTS', 'TOO_MANY_SUBSCRIPTIONS', 'TOPIC_UNKNOWN', 'FORBIDDEN'],
  handler: async (system, principal, { body, idempotencyKey }) => {
    const subscription = await system.subscriptions.create(principal, body, idempotencyKey);
    const location = `/v1/subscriptions/${encodeURIComponent(subscription.id)}`;
    return { status: 201, headers: { location }, body: subscription };
  },
});

const listSubscriptions = route({
  method: 'GET',
  path: '/v1/subscriptions',
  operationId: 'listSubscriptions',
  tag: 'subscriptions',
  summary: 'Your subscriptions; all of them for auditors and operators',
  description: 'With their settings and their state.',
  responses: { 200: { description: 'the subscriptions', schema: subscriptionListSchema } },
  problems: [],
  handler: async (system, principal) => ({
    status: 200,
    body: { subscriptions: await system.subscriptions.list(principal) },
  }),
});

const getSubscription = route({
  method: 'GET',
  path: '/v1/subscriptions/{id}',
  operationId: 'getSubscription',
  tag: 'subscriptions',
  summary: 'One subscription',
  description: 'Its settings, whether it delivers, and its breaker.',
  params,
  responses: {
    200: { description: 'the subscription; ETag names this state of it, for If-Match', schema: subscriptionSchema },
  },
  problems: ['SUBSCRIPTION_NOT_FOUND'],
  handler: async (system, principal, { params: { id } }) => withTag(await system.subscriptions.get(principal, id)),
});

const changeSubscription = route({
  method: 'PATCH',
  path: '/v1/subscriptions/{id}',
  operationId: 'changeSubscription',
  tag: 'subscriptions',
  summary: 'Change the settings of a subscription',
  description:
    'A JSON Merge Patch (RFC 7396): `null` takes a setting back to its default. Its id, its owner, the kind of its target and where it began stay. What is on its way may still be settled, and what is being retried goes on being retried.',
  params,
  conditional: true,
  body: {
    ...bodyForCore(subscriptionPatchSchema),
    alternatives: { 'application/merge-patch+json': subscriptionPatchSchema },
  },
  responses: { 200: { description: 'the subscription, and its new ETag', schema: subscriptionSchema } },
  problems: [
    ...(['SUBSCRIPTION_INVALID', 'SUBSCRIPTION_NOT_FOUND', 'SUBSCRIPTION_CHANGED', 'TOPIC_UNKNOWN'] as const),
    'FORBIDDEN',
  ],
  handler: async (system, principal, { params: { id }, body: patch, request: { headers } }) => {
    const isMeant = ifMatch(headers);
    const isExpected = (subscription: Subscription): boolean => isMeant(subscriptionTag(subscription));
    return withTag(await system.subscriptions.change(principal, id, { patch, isExpected }));
  },
});

const deleteSubscription = route({
  method: 'DELETE',
  path: '/v1/subscriptions/{id}',
  operationId: 'deleteSubscription',
  tag: 'subscriptions',
  summary: 'Remove a subscription with its position, retries and dead letters',
  description: 'Cannot be taken back.',
  params,
  responses: { 204: { description: 'removed' } },
  problems: ['SUBSCRIPTION_NOT_FOUND'],
  handler: async (system, principal, { params: { id } }) => {
    await system.subscriptions.remove(principal, id);
    return { status: 204 };
  },
});

const pauseSubscription = route({
  method: 'POST',
  path: '/v1/subscriptions/{id}/pause',
  operationId: 'pauseSubscription',
  tag: 'subscriptions',
  summary: 'Stop delivering; nothing is lost',
  description: 'Events wait until it is resumed. Pausing what is paused changes nothing.',
  params,
  responses: { 200: { description: 'the subscription', schema: subscriptionSchema } },
  problems: ['SUBSCRIPTION_NOT_FOUND'],
  handler: async (system, principal, { params: { id } }) => ({
    status: 200,
    body: await system.subscriptions.pause(principal, id),
  }),
});

const resumeSubscription = route({
  method: 'POST',
  path: '/v1/subscriptions/{id}/resume',
  operationId: 'resumeSubscription',
  tag: 'subscriptions',
  summary: 'Go on delivering where it stopped',
  description: 'Delivers what waited, in order. Resuming what is not paused changes nothing.',
  params,
  responses: { 200: { description: 'the subscription', schema: subscriptionSchema } },
  problems: ['SUBSCRIPTION_NOT_FOUND', 'FORBIDDEN'],
  handler: async (system, principal, { params: { id } }) => ({
    status: 200,
    body: await system.subscriptions.resume(principal, id),
  }),
});

const resetSubscription = route({
  method: 'POST',
  path: '/v1/subscriptions/{id}/reset',
  operationId: 'resetSubscription',
  tag: 'subscriptions',
  summary: 'Close the breaker: deliver again at once',
  description: 'What was held back while it was open is delivered; if that fails, the breaker opens again.',
  params,
  responses: { 200: { description: 'the subscription', schema: subscriptionSchema } },
  problems: ['SUBSCRIPTION_NOT_FOUND'],
  handler: async (system, principal, { params: { id } }) => ({
    status: 200,
    body: await system.subscriptions.reset(principal, id),
  }),
});

export const subscriptionRoutes = [
  createSubscription,
  listSubscriptions,
  getSubscription,
  changeSubscription,
  deleteSubscription,
  pauseSubscription,
  resumeSubscription,
  resetSubscription,
];

function withTag(subscription: Subscription): {
  readonly status: 200;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Subscription;
} {
  return { status: 200, headers: { etag: subscriptionTag(subscription) }, body: subscription };
}
