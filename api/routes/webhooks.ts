/**
 * Webhooks: their keys and secrets, whether their receivers want them, and what was sent. Served by an engine that sends webhooks;
 * making, pausing and resuming them is under /v1/subscriptions.
 */
import type { NervousSystem } from '../../core/system/index.ts';
import * as z from 'zod';
import { checkedBody, routesOn } from '../route.ts';
import { subscriptionId, wholeNumber } from '../schemas/fields.ts';
import {
  attemptListSchema,
  attemptSchema,
  recoveredSchema,
  recoverSchema,
  resendSchema,
  rotateSecretSchema,
  webhookKeysSchema,
  webhookSecretSchema,
  webhookVerificationSchema,
} from '../schemas/webhooks.ts';

const route = routesOn<Pick<NervousSystem, 'webhooks'>>();

const params = z.strictObject({ id: subscriptionId });
/** SPKI of an Ed25519 key in a JWK is its 32 bytes; `whpk_` stands before their base64. */
const PUBLIC_KEY_PREFIX = 'whpk_';

const getWebhookKeys = route({
  method: 'GET',
  path: '/v1/webhooks/keys',
  operationId: 'getWebhookKeys',
  tag: 'webhooks',
  summary: 'The public key with which the ledger signs webhooks',
  description:
    'As Standard Webhooks writes it and as a JWK. `certificate` is the word of the root key for it, as a signed note, and the entry that holds it.',
  responses: { 200: { description: 'the keys', schema: webhookKeysSchema } },
  problems: ['SUBSCRIPTION_INVALID'],
  handler: async (system) => {
    const { publicKey, certificate } = await system.webhooks.keys();
    const x = Buffer.from(publicKey.slice(PUBLIC_KEY_PREFIX.length), 'base64').toString('base64url');
    const jwk = { kty: 'OKP' as const, crv: 'Ed25519' as const, x };
    return { status: 200, body: { keys: [{ publicKey, jwk, certificate }] } };
  },
});

const rotateWebhookSecret = route({
  method: 'POST',
  path: '/v1/webhooks/{id}/secret',
  operationId: 'rotateWebhookSecret',
  tag: 'webhooks',
  summary: 'Make a new secret, which is shown once',
  description:
    'Those before sign beside it for `overlapSeconds`; at most three sign at a time. The rotation is recorded, the secret is not. With an Idempotency-Key the same request is shown its secret again for ten minutes.',
  params,
  body: checkedBody(rotateSecretSchema, { optional: true }),
  responses: { 201: { description: 'the secret', schema: webhookSecretSchema } },
  problems: ['SUBSCRIPTION_NOT_FOUND', 'SUBSCRIPTION_INVALID', 'IDEMPOTENCY_CONFLICT'],
  handler: async (system, principal, { params: { id }, body: { overlapSeconds }, idempotencyKey }) => ({
    status: 201,
    headers: { 'cache-control': 'no-store' },
    body: await system.webhooks.rotateSecret(principal, id, { overlapSeconds, idempotencyKey }),
  }),
});

const verifyWebhook = route({
  method: 'POST',
  path: '/v1/webhooks/{id}/verify',
  operationId: 'verifyWebhook',
  tag: 'webhooks',
  summary: 'Ask the receiver whether it wants the webhook',
  description:
    'It must answer 2xx with the nonce that it is sent, or, for CloudEvents, allow the origin of an OPTIONS request. Then deliveries begin.',
  params,
  responses: { 200: { description: 'how it answered', schema: webhookVerificationSchema } },
  problems: ['SUBSCRIPTION_NOT_FOUND', 'SUBSCRIPTION_INVALID', 'FORBIDDEN'],
  handler: async (system, principal, { params: { id } }) => ({
    status: 200,
    body: await system.webhooks.verify(principal, id),
  }),
});

const testWebhook = route({
  method: 'POST',
  path: '/v1/webhooks/{id}/test',
  operationId: 'testWebhook',
  tag: 'webhooks',
  summary: 'Send a test event, once',
  description: 'Its type is `webhook.test`. Nothing is recorded, and it is not tried again.',
  params,
  responses: { 200: { description: 'how it went', schema: attemptSchema } },
  problems: ['SUBSCRIPTION_NOT_FOUND', 'SUBSCRIPTION_INVALID'],
  handler: async (system, principal, { params: { id } }) => ({
    status: 200,
    body: await system.webhooks.test(principal, id),
  }),
});

const listWebhookAttempts = route({
  method: 'GET',
  path: '/v1/webhooks/{id}/attempts',
  operationId: 'listWebhookAttempts',
  tag: 'webhooks',
  summary: 'The newest attempts, with what was answered',
  description: 'Answers are shown of receivers that were verified.',
  params,
  query: z.strictObject({ limit: wholeNumber({ min: 1, max: 200, default: 50 }) }),
  responses: { 200: { description: 'the newest first', schema: attemptListSchema } },
  problems: ['SUBSCRIPTION_NOT_FOUND', 'SUBSCRIPTION_INVALID'],
  handler: async (system, principal, { params: { id }, query: { limit } }) => ({
    status: 200,
    body: { attempts: await system.webhooks.attempts(principal, id, limit) },
  }),
});

const resendWebhook = route({
  method: 'POST',
  path: '/v1/webhooks/{id}/resend',
  operationId: 'resendWebhook',
  tag: 'webhooks',
  summary: 'Send one event again',
  description: 'By its log index, out of order, under the same `webhook-id`.',
  params,
  body: checkedBody(resendSchema),
  responses: { 204: { description: 'it is due' } },
  problems: ['SUBSCRIPTION_NOT_FOUND', 'SUBSCRIPTION_INVALID'],
  handler: async (system, principal, { params: { id }, body: { position } }) => {
    await system.webhooks.resend(principal, id, position);
    return { status: 204 };
  },
});

const recoverWebhook = route({
  method: 'POST',
  path: '/v1/webhooks/{id}/recover',
  operationId: 'recoverWebhook',
  tag: 'webhooks',
  summary: 'Send again what was recorded since',
  description:
    'From a log index, a date-time or `earliest` on, in order, dead letters included. What was delivered before comes again under its `webhook-id`.',
  params,
  body: checkedBody(recoverSchema),
  responses: { 200: { description: 'where it begins', schema: recoveredSchema } },
  problems: ['SUBSCRIPTION_NOT_FOUND', 'SUBSCRIPTION_INVALID'],
  handler: async (system, principal, { params: { id }, body: { since } }) => ({
    status: 200,
    body: await system.webhooks.recover(principal, id, since),
  }),
});

export const webhookRoutes = [
  getWebhookKeys,
  rotateWebhookSecret,
  verifyWebhook,
  testWebhook,
  listWebhookAttempts,
  resendWebhook,
  recoverWebhook,
];
